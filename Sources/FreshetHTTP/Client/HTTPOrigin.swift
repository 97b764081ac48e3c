internal import CCurl
package import Freshet

/// The part of a URL that messages may name: no user, no path, no query.
package struct HTTPOrigin: Sendable, Hashable, CustomStringConvertible {
    /// `http` or `https`.
    package let scheme: String
    /// The host's name or address; an IPv6 address stands in brackets.
    package let host: String
    /// The port, where the URL names one.
    package let port: String?

    /// Reads a URL, by libcurl's own parser, so that no two readings of it differ.
    ///
    /// - Throws: ``GenerationError`` with code `invalidRequest`; the URL itself is not in it, because it may hold a
    ///   password.
    package init(url: String) throws(GenerationError) {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw Self.refusal("it holds a blank or a control character")
        }
        guard let parsed = curl_url() else { throw GenerationError(.outOfMemory, "There is not enough memory.") }
        defer { curl_url_cleanup(parsed) }
        let code = curl_url_set(parsed, CURLUPART_URL, url, 0)
        guard code == CURLUE_OK else {
            throw Self.refusal(String(cString: curl_url_strerror(code)).lowercased())
        }
        func part(_ name: CURLUPart) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard curl_url_get(parsed, name, &text, 0) == CURLUE_OK, let text else { return nil }
            defer { curl_free(text) }
            return String(cString: text)
        }
        guard let scheme = part(CURLUPART_SCHEME)?.lowercased(), ["http", "https"].contains(scheme) else {
            throw Self.refusal("its scheme is another")
        }
        guard let host = part(CURLUPART_HOST), !host.isEmpty else { throw Self.refusal("it names no host") }
        self.scheme = scheme
        self.host = host
        port = part(CURLUPART_PORT)
    }

    private static func refusal(_ reason: String) -> GenerationError {
        GenerationError(.invalidRequest, "The URL cannot be used, \(reason): it must be like https://host/path.")
    }

    /// The host, with its port where the URL names one.
    package var description: String { port.map { "\(host):\($0)" } ?? host }

    /// Whether the host is this machine, which no proxy needs to reach.
    package var isLoopback: Bool { host.isLoopbackHost }
}
