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
    public static func append(_ data: [UInt8], to output: inout [UInt8]) {
        output.append(literal: "data: ")
        // One chunk's JSON is one line, and goes over in one copy.
        if data.hasLineEnd { appendLines(data, to: &output) } else { output += data }
        output.append(literal: "\n\n")
    }

    private static func appendLines(_ data: [UInt8], to output: inout [UInt8]) {
        var endedInReturn = false
        for byte in data {
            switch byte {
            case newline where endedInReturn: break
            case newline, carriageReturn: output.append(literal: "\ndata: ")
            default: output.append(byte)
            }
            endedInReturn = byte == carriageReturn
        }
    }

    fileprivate static let newline = UInt8(ascii: "\n")
    fileprivate static let carriageReturn = UInt8(ascii: "\r")
}

extension [UInt8] {
    /// Whether a line ends within the bytes.
    fileprivate var hasLineEnd: Bool {
        withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            return memchr(start, Int32(SSEEncoder.newline), count) != nil
                || memchr(start, Int32(SSEEncoder.carriageReturn), count) != nil
        }
    }
}
