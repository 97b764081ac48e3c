/// How a server is set up.
package struct HTTPServerOptions: Sendable {
    /// The address to listen on: a name, or an IPv4 or IPv6 address as digits. Where a name has several, IPv4 comes first.
    package var host = "127.0.0.1"
    /// The port, or 0 for any that is free.
    package var port: UInt16 = 8080
    /// What a client may take.
    package var limits = HTTPServerLimits()
    /// Answers what the server itself refuses, with a whole body. libmicrohttpd answers by itself what it cannot parse at
    /// all (a line without a colon, a `Content-Length` that is no number, a broken chunk): a page of its own, and the
    /// connection's end.
    package var errorResponse: @Sendable (HTTPRefusal) -> HTTPResponse = { refusal in
        HTTPResponse(
            status: refusal.status, fields: ["Content-Type": "text/plain; charset=utf-8"],
            body: .whole(Array((refusal.message + "\n").utf8)))
    }

    /// The defaults.
    package init() {}
}

/// What a client may take before it is refused, made to wait, or cut off. Times are absolute: a byte now and then does
/// not extend them.
package struct HTTPServerLimits: Sendable {
    /// Connections at a time; others wait in the system's queue.
    package var connections = 1024
    /// Connections at a time of one address, others are closed; 0 for any number.
    package var connectionsPerAddress = 0
    /// Bytes of a request's header, its first line included. More is 431.
    package var headerBytes = 16 << 10
    /// Bytes of a request's body. More is 413.
    package var bodyBytes = 16 << 20
    /// Bytes of all bodies that are being received, together. More is 503. A body that has come whole is its handler's.
    package var receivedBytes = 256 << 20
    /// Bytes of a stream that may wait for a slow client before its writer waits.
    package var streamBytes = 64 << 10
    /// From a connection's beginning, or from a later request's first line, to the header's end.
    package var headerTime: Duration = .seconds(10)
    /// From the header's end to the body's.
    package var bodyTime: Duration = .seconds(60)
    /// From one request's end to the next one's first line.
    package var idleTime: Duration = .seconds(75)
    /// For the client to take what is on its way out: at most 16 KiB, and what the system's buffers hold.
    package var stallTime: Duration = .seconds(30)
    /// For handlers that were cancelled at the end of ``HTTPServer/shutDown(within:)`` to write their last words.
    package var lastWordsTime: Duration = .seconds(1)

    /// The defaults.
    package init() {}
}

/// A request that the server refuses before any handler sees it. The connection ends with the answer.
package struct HTTPRefusal: Error, Sendable, Equatable {
    /// The status: 400, 413, 431, 501 or 503.
    package var status: Int
    /// A sentence that says what is wrong with the request.
    package var message: String
    /// The client's address as digits.
    package var peer = ""

    init(_ status: Int, _ message: String) { (self.status, self.message) = (status, message) }
}
