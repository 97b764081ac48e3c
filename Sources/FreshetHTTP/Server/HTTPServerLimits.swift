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
    /// Bytes of all bodies together, from their arrival to the end of their answers. More is 503.
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
