import Glibc

/// Writes server-sent events, as the WHATWG's HTML standard defines them: `data: …`, a blank line.
///
/// Lines end in LF and nothing stands before `data:`, because some clients drop a frame that begins with anything else.
public enum SSEEncoder {
    /// The event that ends an OpenAI stream.
    public static let done = Array("data: [DONE]\n\n".utf8)

    /// Adds one event. Data of several lines becomes several `data:` fields, which a reader joins again.
    ///
    /// - Parameters:
    ///   - data: UTF-8 text; LF, CR and CRLF end a line, and a reader sees each as LF.
    ///   - output: the bytes for the wire so far.
    public static func append(_ data: some Collection<UInt8>, to output: inout [UInt8]) {
        output += field
        // One chunk's JSON is one line, and goes over in one copy.
        let isLine = data.withContiguousStorageIfAvailable { bytes in
            guard !bytes.hasLineEnd else { return false }
            output.append(contentsOf: bytes)
            return true
        }
        if isLine != true { appendLines(data, to: &output) }
        output += end
    }

    private static func appendLines(_ data: some Collection<UInt8>, to output: inout [UInt8]) {
        var endedInReturn = false
        for byte in data {
            switch byte {
            case newline where endedInReturn: break
            case newline, carriageReturn: output += continuation
            default: output.append(byte)
            }
            endedInReturn = byte == carriageReturn
        }
    }

    fileprivate static let newline = UInt8(ascii: "\n")
    fileprivate static let carriageReturn = UInt8(ascii: "\r")
    private static let field = Array("data: ".utf8)
    private static let continuation = Array("\ndata: ".utf8)
    private static let end = Array("\n\n".utf8)
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether a line ends within the bytes.
    fileprivate var hasLineEnd: Bool {
        guard let baseAddress else { return false }
        return memchr(baseAddress, Int32(SSEEncoder.newline), count) != nil
            || memchr(baseAddress, Int32(SSEEncoder.carriageReturn), count) != nil
    }
}
