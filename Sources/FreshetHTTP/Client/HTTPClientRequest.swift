package import Freshet

/// A request that ``HTTPTransport`` makes.
///
/// It may hold a key, so that printing it in any way shows no more than the method.
package struct HTTPClientRequest: Sendable, CustomStringConvertible, CustomReflectable {
    /// What is asked for.
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    /// What is asked for.
    package var method: Method
    /// An absolute `http` or `https` URL.
    package var url: String
    /// Headers beside those that the transport itself writes (`Host`, `Content-Length`, `User-Agent`).
    package var headers: HTTPFields
    /// What a POST sends.
    package var body: [UInt8]
    /// How long it may take.
    package var deadlines: HTTPDeadlines

    /// Makes a request.
    package init(
        _ method: Method, _ url: String, headers: HTTPFields = [:], body: [UInt8] = [],
        deadlines: HTTPDeadlines = HTTPDeadlines()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadlines = deadlines
    }

    /// The method only.
    package var description: String { "\(method.rawValue) request" }
    /// The method only.
    package var customMirror: Mirror { Mirror(self, children: ["method": method]) }

    /// Checks what cannot be sent.
    ///
    /// - Throws: ``GenerationError`` with code `invalidRequest`, which names a header but no value.
    package func validate() throws(GenerationError) -> HTTPOrigin {
        for header in headers.all {
            guard header.name.isToken else {
                throw GenerationError(.invalidRequest, "A header's name must be letters, digits and hyphens.")
            }
            guard header.value.isFieldValue else {
                throw GenerationError(
                    .invalidRequest, "The value of the header \(header.name) holds a line end or a control character.")
            }
        }
        return try HTTPOrigin(url: url)
    }
}
