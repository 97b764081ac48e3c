public import FreshetHTTP

/// What the WHATWG's standard says of a whole stream of server-sent events, written as plainly as can be: the reference
/// for `SSEDecoder`, which meets the same bytes in pieces.
public struct SSEModel {
    /// The events, up to the failure if there is one.
    public private(set) var events: [SSEEvent] = []
    /// The last `retry:`, in milliseconds.
    public private(set) var retry: Int64?
    /// Whether a line or an event was too long.
    public private(set) var isFailed = false

    private var type = ""
    private var data: [[UInt8]] = []
    private var id = ""

    /// Reads a whole stream.
    public init(_ bytes: [UInt8], maxLineLength: Int = .max, maxEventLength: Int = .max) {
        var lines: [[UInt8]] = [[]]
        for (place, byte) in bytes.enumerated() {
            if byte == 10, place > 0, bytes[place - 1] == 13 { continue }
            if byte == 10 || byte == 13 { lines.append([]) } else { lines[lines.count - 1].append(byte) }
        }
        for (place, line) in lines.enumerated() {
            let isLast = place == lines.count - 1
            isFailed = line.count > maxLineLength
            if isFailed { return }
            let text = place == 0 && line.prefix(3) == [0xEF, 0xBB, 0xBF] ? Array(line.dropFirst(3)) : line
            if !text.isEmpty { interpret(text) }
            isFailed = joinedData.count > maxEventLength
            if isFailed { return }
            if text.isEmpty || isLast { dispatch(isComplete: !isLast) }
        }
    }

    private mutating func interpret(_ line: [UInt8]) {
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count == 2 ? Array(parts[1]) : []
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch Array(parts[0]) {
        case Array("data".utf8): data.append(value)
        case Array("event".utf8): type = text
        case Array("id".utf8) where !value.contains(0): id = text
        case Array("retry".utf8) where value.allSatisfy({ (0x30...0x39).contains($0) }): retry = Int64(text) ?? retry
        default: break
        }
    }

    private var joinedData: [UInt8] { Array(data.joined(separator: [UInt8(ascii: "\n")])) }

    private mutating func dispatch(isComplete: Bool) {
        if !data.isEmpty {
            let name = type.isEmpty ? "message" : type
            events.append(SSEEvent(type: name, data: joinedData, id: id, isComplete: isComplete))
        }
        (type, data) = ("", [])
    }
}
