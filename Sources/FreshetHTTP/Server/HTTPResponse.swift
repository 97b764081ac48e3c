/// What a handler answers with.
package struct HTTPResponse: Sendable {
    /// The three-digit status, 200…599.
    package var status: Int
    /// The header fields. `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` are the server's to add. A
    /// field with an empty value, a space in its name, or a line's end in either is left out.
    package var fields: HTTPFields
    /// The body.
    package var body: Body
    /// Told once, when the response was handed over whole or will not be: the place for a log line. It is called by the
    /// request's task, which the client's leaving has cancelled by then.
    package var onEnd: (@Sendable (HTTPOutcome) -> Void)?

    /// A response's body.
    package enum Body: Sendable {
        /// All of it.
        case whole([UInt8])
        /// Written piece by piece. The closure is called once, by the request's task, also when the client has left
        /// meanwhile. When it returns, the body is ended properly and the connection goes on; when it throws, the
        /// connection is cut without the body's end, so that the client sees it truncated.
        case stream(@Sendable (HTTPBodyWriter) async throws -> Void)
    }

    /// Makes a response.
    package init(
        status: Int = 200, fields: HTTPFields = [:], body: Body, onEnd: (@Sendable (HTTPOutcome) -> Void)? = nil
    ) {
        self.status = status
        self.fields = fields
        self.body = body
        self.onEnd = onEnd
    }

    /// A response whose body is JSON text.
    static func json(_ body: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, fields: ["Content-Type": "application/json"], body: .whole(body))
    }
}
