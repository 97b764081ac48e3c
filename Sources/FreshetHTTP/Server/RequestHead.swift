internal import Foundation

/// A request's header as it was received: what decides whether the request is taken, and how its body is framed.
///
/// libmicrohttpd takes much that two servers in a row may understand differently, which is how requests are smuggled
/// past the first. This refuses it.
struct RequestHead {
    var method: String
    /// The target as it was sent.
    var target: [UInt8]
    var version: String
    /// The fields; values as they were sent, their ends not trimmed.
    var fields: HTTPFields
    /// The header's length in bytes.
    var size = 0
    /// Whether the bytes are just what was made of them: no zero byte, no folded line.
    var isPlain = true

    /// What a request is that was taken: all but its body.
    struct Accepted: Equatable {
        var path: String
        var query: String?
        var body: BodyFraming
    }

    /// How much body follows.
    enum BodyFraming: Equatable {
        case none
        case length(Int)
        case chunked
    }

    /// Takes the request, or says why not.
    func accept(_ limits: HTTPServerLimits) throws(HTTPRefusal) -> Accepted {
        guard isPlain else {
            throw HTTPRefusal(400, "The request's header has a zero byte, a folded line or a stray space.")
        }
        guard size <= limits.headerBytes else {
            throw HTTPRefusal(431, "The request's header has more than \(limits.headerBytes) bytes.")
        }
        guard method.isToken else { throw HTTPRefusal(400, "The request's method is not a word.") }
        try checkFields()
        let (path, query) = try splitTarget()
        return Accepted(path: path, query: query, body: try framing(limits))
    }

    private func checkFields() throws(HTTPRefusal) {
        for field in fields.all {
            guard field.name.isToken else {
                throw HTTPRefusal(400, "A header field's name is not a word followed by a colon.")
            }
            guard field.value.isFieldValue else {
                throw HTTPRefusal(400, "The header field \(field.name) has a control character.")
            }
        }
        let hosts = fields.values(of: "Host").count
        guard hosts == 1 || hosts == 0 && version == "HTTP/1.0" else {
            throw HTTPRefusal(400, "The request must have one Host header field.")
        }
    }

    private func framing(_ limits: HTTPServerLimits) throws(HTTPRefusal) -> BodyFraming {
        let lengths = fields.values(of: "Content-Length")
        let encodings = fields.values(of: "Transfer-Encoding")
        if !encodings.isEmpty {
            guard lengths.isEmpty else {
                throw HTTPRefusal(400, "The request has both Content-Length and Transfer-Encoding.")
            }
            guard version != "HTTP/1.0" else { throw HTTPRefusal(400, "HTTP/1.0 has no Transfer-Encoding.") }
            guard encodings.count == 1, encodings[0].lowercased() == "chunked" else {
                throw HTTPRefusal(501, "The only Transfer-Encoding that is understood is chunked.")
            }
            return .chunked
        }
        guard let length = lengths.first else { return .none }
        guard lengths.count == 1 else { throw HTTPRefusal(400, "The request has more than one Content-Length.") }
        guard !length.isEmpty, length.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw HTTPRefusal(400, "The Content-Length is not a number.")
        }
        guard let count = Int(length), count <= limits.bodyBytes else { throw Self.bodyTooLarge(limits) }
        return count == 0 ? .none : .length(count)
    }

    /// The refusal of a body beyond the limit.
    static func bodyTooLarge(_ limits: HTTPServerLimits) -> HTTPRefusal {
        HTTPRefusal(413, "The request's body has more than \(limits.bodyBytes) bytes.", code: .requestTooLarge)
    }

    /// The path, decoded, and the query, as it is.
    private func splitTarget() throws(HTTPRefusal) -> (String, String?) {
        guard target.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw HTTPRefusal(400, "The request's target has a space, a control character or a byte that is not ASCII.")
        }
        var rest = target[...]
        for scheme in ["http://", "https://"] where rest.starts(with: scheme.utf8) {
            // A proxy's form, with the server's name in it.
            rest = rest.dropFirst(scheme.utf8.count).drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
            if rest.first != UInt8(ascii: "/") { rest = [UInt8(ascii: "/")] + rest }
        }
        guard rest.first == UInt8(ascii: "/") || rest.elementsEqual("*".utf8) else {
            throw HTTPRefusal(400, "The request's target is not a path.")
        }
        let parts = rest.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        // Foundation refuses a broken escape and what is not UTF-8.
        guard let path = String(decoding: parts[0], as: UTF8.self).removingPercentEncoding,
            path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw HTTPRefusal(400, "The path has a broken percent escape or a control character.") }
        return (path, parts.count == 2 ? String(decoding: parts[1], as: UTF8.self) : nil)
    }
}
