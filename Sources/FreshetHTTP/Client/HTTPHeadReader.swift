/// Puts a head together from its lines, and bounds it.
package struct HTTPHeadReader {
    /// The most bytes of an answer's heads and trailers together.
    package static let maxLength = 64 << 10

    private var head: HTTPResponseHead?
    private var length = 0
    private var isDone = false

    /// A reader that has seen nothing.
    package init() {}

    /// The head of an answer that goes on for too long.
    package struct TooLong: Error {}

    /// Takes a line, its end included.
    ///
    /// - Returns: the head, when the line was its last. The heads of preliminary answers (`100 Continue`) are passed
    ///   over, and so are the trailers after a body.
    /// - Throws: ``TooLong`` when what has come is longer than ``maxLength``.
    package mutating func append(_ line: some Collection<UInt8>) throws(TooLong) -> HTTPResponseHead? {
        length += line.count
        guard length <= Self.maxLength else { throw TooLong() }
        if isDone { return nil }
        let text = String(decoding: line, as: UTF8.self)
        let content = text.prefix { $0 != "\r" && $0 != "\n" && $0 != "\r\n" }
        if content.isEmpty {
            guard let head, head.status >= 200 else { return nil }
            isDone = true
            return head
        }
        if content.hasPrefix("HTTP/") {
            let status = content.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) }
            head = HTTPResponseHead(status: status ?? 0)
        } else if let colon = content.firstIndex(of: ":") {
            let value = content[content.index(after: colon)...].trimmingBlanks
            head?.headers.add(String(content[..<colon]), String(value))
        }
        return nil
    }
}
