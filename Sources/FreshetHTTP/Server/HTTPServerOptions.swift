/// How a server is set up.
package struct HTTPServerOptions: Sendable {
    /// The address to listen on: a name, or an IPv4 or IPv6 address as digits. Where a name has several, IPv4 comes
    /// first.
    package var host = "127.0.0.1"
    /// The port, or 0 for any that is free.
    package var port: UInt16 = 8080
    /// What a client may take.
    package var limits = HTTPServerLimits()
    /// Answers what the server itself refuses, with a whole body. libmicrohttpd answers by itself what it cannot parse
    /// at all (a line without a colon, a `Content-Length` that is no number, a broken chunk): a page of its own, and
    /// the connection's end.
    package var errorResponse: @Sendable (HTTPRefusal) -> HTTPResponse = { refusal in
        HTTPResponse(
            status: refusal.status, fields: ["Content-Type": "text/plain; charset=utf-8"],
            body: .whole(Array((refusal.message + "\n").utf8)))
    }

    /// The defaults.
    package init() {}
}
