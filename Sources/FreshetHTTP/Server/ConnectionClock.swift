/// When a connection is to be cut off for taking too long: the decision, as a value.
///
/// Deadlines are absolute. libmicrohttpd's own timeout counts from the last byte, so a client that sends one every few
/// seconds would hold its connection for ever.
struct ConnectionClock {
    typealias Instant = ContinuousClock.Instant

    /// When to cut it off, or `nil` while it is the server that takes its time.
    private(set) var deadline: Instant?
    private var isFirstRequest = true
    private let limits: HTTPServerLimits

    /// A connection that was just opened: its first request's header is due.
    init(_ limits: HTTPServerLimits, now: Instant) {
        self.limits = limits
        deadline = now + limits.headerTime
    }

    /// A request's first line has come. The first request's header is due since the beginning.
    mutating func receivedLine(now: Instant) {
        if !isFirstRequest { deadline = now + limits.headerTime }
    }

    /// A request's header has come.
    mutating func receivedHeader(now: Instant) { deadline = now + limits.bodyTime }

    /// A request has come whole, or a stream has nothing to send: the handler takes its time.
    mutating func waitForHandler() { deadline = nil }

    /// Something is on its way to the client.
    mutating func send(now: Instant) { deadline = now + limits.stallTime }

    /// The exchange is over, and the next request may come.
    mutating func complete(now: Instant) {
        isFirstRequest = false
        deadline = now + limits.idleTime
    }
}
