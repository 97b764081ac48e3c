public import Freshet

/// Reads server-sent events, as the WHATWG's HTML standard defines them: bytes in, events out.
///
/// How the bytes are cut changes nothing, because lines are found before characters are. LF, CR and CRLF end a line,
/// one byte order mark at the head is passed over, and so are comments and fields that nobody knows. Where the
/// standard drops a last event whose blank line is missing, ``finish()`` gives it, marked, because some servers leave
/// that line out.
///
/// Memory is bounded by the longest line and the longest event that are allowed; time is linear in the bytes.
///
/// ```swift
/// var decoder = SSEDecoder()
/// var events: [SSEEvent] = []
/// try decoder.append(bytes, to: &events)
/// if let last = try decoder.finish() { events.append(last) }
/// ```
public struct SSEDecoder: Sendable {
    private let maxLineLength: Int
    private let maxEventLength: Int

    /// The line that has begun, where it came in pieces.
    private var line: [UInt8] = []
    /// Whether the last byte was a CR, so that an LF would belong to it.
    private var endedInReturn = false
    private var isFirstLine = true

    private var type = ""
    /// The event's data so far, with an LF after every line.
    private var data: [UInt8] = []
    private var id = ""
    private var failure: GenerationError?

    /// How long the server asks to wait before connecting anew, by the last `retry:` of decimal digits.
    public private(set) var retryDelay: Duration?

    /// A decoder that has seen nothing.
    ///
    /// - Parameters:
    ///   - maxLineLength: the most bytes of a line, without its end; a comment is a line too.
    ///   - maxEventLength: the most bytes of an event's data, the LFs between its lines included.
    public init(maxLineLength: Int = 4 << 20, maxEventLength: Int = 16 << 20) {
        self.maxLineLength = maxLineLength
        self.maxEventLength = maxEventLength
    }

    /// Takes the next bytes.
    ///
    /// - Parameters:
    ///   - bytes: what one read gave; may be empty.
    ///   - events: gets the events that are complete, those before a failure included.
    /// - Throws: ``GenerationError`` with code `badResponse` when a line or an event is too long. The decoder then lets
    ///   go of what it holds, and throws the same for whatever comes.
    public mutating func append(_ bytes: some Collection<UInt8>, to events: inout [SSEEvent]) throws(GenerationError) {
        if failure == nil, bytes.withContiguousStorageIfAvailable({ take($0, &events) }) == nil {
            Array(bytes).withUnsafeBufferPointer { take($0, &events) }
        }
        if let failure { throw failure }
    }

    /// Ends the stream; the decoder then begins anew.
    ///
    /// - Returns: the event that had begun, if it has data, and marked as incomplete.
    /// - Throws: ``GenerationError`` as ``append(_:to:)`` does, when the last line makes the event too long.
    public mutating func finish() throws(GenerationError) -> SSEEvent? {
        defer { self = SSEDecoder(maxLineLength: maxLineLength, maxEventLength: maxEventLength) }
        guard failure == nil else { return nil }
        let last = line
        if !last.isEmpty { last.withUnsafeBufferPointer { _ = interpret($0) } }
        if let failure { throw failure }
        return takeEvent(isComplete: false)
    }

    private mutating func take(_ bytes: UnsafeBufferPointer<UInt8>, _ events: inout [SSEEvent]) {
        var start = 0
        for place in bytes.indices {
            let byte = bytes[place]
            guard byte == Self.newline || byte == Self.carriageReturn else { continue }
            // The LF of a CRLF ends nothing; its CR may have come in an earlier read.
            let isSecondHalf = byte == Self.newline && endedInReturn && place == start
            endedInReturn = byte == Self.carriageReturn
            if !isSecondHalf { endLine(with: UnsafeBufferPointer(rebasing: bytes[start..<place]), &events) }
            if failure != nil { return }
            start = place + 1
        }
        guard start < bytes.count, admitLine(line.count + bytes.count - start) else { return }
        endedInReturn = false
        line += bytes[start...]
    }

    private mutating func endLine(with rest: UnsafeBufferPointer<UInt8>, _ events: inout [SSEEvent]) {
        guard admitLine(line.count + rest.count) else { return }
        let isBlank: Bool
        if line.isEmpty {
            // Nearly every line comes whole, and need not be copied.
            isBlank = !interpret(rest)
        } else {
            let whole = line + rest
            line = []
            isBlank = !whole.withUnsafeBufferPointer { interpret($0) }
        }
        if isBlank, let event = takeEvent(isComplete: true) { events.append(event) }
    }

    /// Notes what a line says.
    ///
    /// - Returns: whether it says anything: a blank line ends the event.
    private mutating func interpret(_ whole: UnsafeBufferPointer<UInt8>) -> Bool {
        let hasMark = isFirstLine && whole.starts(with: Self.byteOrderMark)
        isFirstLine = false
        let line = hasMark ? whole[Self.byteOrderMark.count...] : whole[...]
        guard !line.isEmpty else { return false }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        let name = line[..<colon]
        if name.elementsEqual("data".utf8) {
            appendData(value)
        } else if name.elementsEqual("event".utf8) {
            type = String(decoding: value, as: UTF8.self)
        } else if name.elementsEqual("id".utf8) {
            if !value.contains(0) { id = String(decoding: value, as: UTF8.self) }
        } else if name.elementsEqual("retry".utf8), value.allSatisfy({ Self.digits.contains($0) }) {
            // A number beyond an Int64 is no time that anybody would wait.
            if let milliseconds = Int64(String(decoding: value, as: UTF8.self)) {
                retryDelay = .milliseconds(milliseconds)
            }
        }
        return true
    }

    private mutating func appendData(_ value: Slice<UnsafeBufferPointer<UInt8>>) {
        guard data.count + value.count <= maxEventLength else {
            return fail("The server sent an event of more than \(maxEventLength) bytes, the most that is taken.")
        }
        data += value
        data.append(Self.newline)
    }

    private mutating func takeEvent(isComplete: Bool) -> SSEEvent? {
        defer { (type, data) = ("", []) }
        // A line `data:` alone makes an event of empty data; none at all makes no event.
        guard data.popLast() != nil else { return nil }
        return SSEEvent(type: type.isEmpty ? "message" : type, data: data, id: id, isComplete: isComplete)
    }

    private mutating func admitLine(_ length: Int) -> Bool {
        if length > maxLineLength {
            fail("The server sent a line of more than \(maxLineLength) bytes, the most that is taken.")
        }
        return failure == nil
    }

    private mutating func fail(_ complaint: String) {
        failure = GenerationError(.badResponse, complaint)
        (line, type, data) = ([], "", [])
    }

    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
}
