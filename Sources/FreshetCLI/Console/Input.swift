import Freshet
import Glibc

/// Text that comes from outside: standard input, or a file. It must be UTF-8 and is never repaired.
struct Input: Sendable {
    /// The most bytes that are read as one text. More is refused: no model has room for it, and an endless input must
    /// not fill the memory.
    static let limit = 64 << 20

    /// The descriptor.
    let descriptor: Int32
    /// What to call it in a sentence.
    let name: String
    /// What ends a wait for a writer that does not write.
    let signals: Signals

    /// Whether a person types it.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Reads to the end.
    ///
    /// - Parameter onDelay: called once when nothing has come for some seconds.
    /// - Throws: ``Exit`` when it cannot be read, is too long or not UTF-8, or when a signal comes.
    func readText(onDelay: () -> Void = {}) throws(Exit) -> String {
        var bytes: [UInt8] = []
        var patience: Int32 = 3000
        while true {
            guard try waitForInput(milliseconds: patience) else {
                onDelay()
                patience = -1
                continue
            }
            patience = -1
            guard try readSome(into: &bytes) else { break }
            guard bytes.count <= Self.limit else {
                throw .failed("\(name.capitalizedFirst) is longer than \(Self.limit >> 20) MiB.")
            }
        }
        return try Self.text(of: bytes, from: name)
    }

    /// Waits until something can be read, or the end of input.
    ///
    /// - Returns: whether it came in time. -1 milliseconds is no limit.
    func waitForInput(milliseconds: Int32 = -1) throws(Exit) -> Bool {
        var waits = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: signals.wake, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let ready = poll(&waits, 2, milliseconds)
            if let signal = signals.received { throw .interrupted(by: signal) }
            if ready == 0 { return false }
            if ready > 0, waits[0].revents != 0 { return true }
            if ready < 0, errno != EINTR { return true }
        }
    }

    /// Reads what has come.
    ///
    /// - Returns: false at the end of input.
    func readSome(into bytes: inout [UInt8]) throws(Exit) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0 {
            guard errno == EINTR || errno == EAGAIN else { throw .failed("Cannot read \(name)", errno: errno) }
            return true
        }
        bytes += buffer[..<count]
        return count > 0
    }

    /// The text of a file, which may also be a named pipe or a device.
    static func readText(file path: String, signals: Signals) throws(Exit) -> String {
        // A named pipe is waited for by poll, which a signal ends, and not by open, which it does not.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .failed("Cannot open “\(path)”", errno: errno) }
        defer { close(descriptor) }
        return try Input(descriptor: descriptor, name: "“\(path)”", signals: signals).readText()
    }

    /// Bytes as text.
    ///
    /// - Parameter start: the place of the first byte within the whole input.
    /// - Throws: ``Exit`` with the place of the first byte that is not UTF-8.
    static func text(of bytes: [UInt8], from name: String, startingAt start: Int = 0) throws(Exit) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var offset = 0
        do { _ = try UTF8Span(validating: bytes.span) } catch { offset = error.byteOffsets.lowerBound }
        let byte = "0x" + String(bytes[offset], radix: 16, uppercase: true)
        throw .failed(
            "\(name.capitalizedFirst) is not UTF-8 text: byte \(start + offset), \(byte), is no part of a character.")
    }
}

extension String {
    /// The text with its first letter as a capital.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }

    /// The text without spaces and line ends at its beginning and end.
    var trimmed: String {
        let start = drop(while: \.isWhitespace)
        let end = start.reversed().prefix(while: \.isWhitespace).count
        return String(start.dropLast(end))
    }

    /// The text without one line end at its end: the one that `echo` and editors add.
    var withoutFinalLineEnd: String {
        if hasSuffix("\r\n") || hasSuffix("\n") { return String(dropLast()) }
        return self
    }
}
