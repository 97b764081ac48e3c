internal import Freshet
internal import Glibc

/// One client's connection, for as long as it is open: its clock, and the exchange that is under way.
final class HTTPConnection: @unchecked Sendable {
    // Sendable: the variables below are used under the monitor; `request` by libmicrohttpd's thread only.
    private let monitor = Monitor()
    private var descriptor: Int32?
    private var clock: ConnectionClock
    private var exchange: Exchange?
    private var cutReason: HTTPCut?

    private let watcher: ConnectionWatcher
    /// What has come of the request that is being read.
    var request = IncomingRequest()
    /// The client's address as digits.
    let peer: String
    /// The watcher's name for it.
    let id: UInt64

    /// A connection that was just opened. libmicrohttpd's `descriptor` is used until ``close()``.
    init(watcher: ConnectionWatcher, descriptor: Int32, peer: String, limits: HTTPServerLimits) {
        self.watcher = watcher
        id = watcher.makeID()
        self.descriptor = descriptor
        self.peer = peer
        clock = ConnectionClock(limits, now: .now)
    }

    /// When it is to be cut off.
    var deadline: ContinuousClock.Instant? { monitor.withLock { clock.deadline } }

    /// Changes the clock, and sees to it that the watcher knows.
    func tick(_ change: (inout ConnectionClock) -> Void) {
        let deadline = monitor.withLock {
            change(&clock)
            return clock.deadline
        }
        watcher.arm(deadline)
    }

    /// Begins an exchange. On a connection that was cut meanwhile, it begins cut.
    func begin(_ exchange: Exchange) {
        let reason = monitor.withLock {
            self.exchange = exchange
            return cutReason
        }
        if let reason { exchange.cut(reason) }
    }

    /// The exchange is over.
    func endExchange() {
        monitor.withLock { exchange = nil }
        tick { $0.complete(now: .now) }
    }

    /// Whether no exchange is under way.
    var isIdle: Bool { monitor.withLock { exchange == nil } }

    /// Cancels the running request's task, which can still write.
    func cancelTask() { monitor.withLock { exchange }?.cancelTask() }

    /// Cuts it off, if its deadline has passed.
    func cutIfLate(now: ContinuousClock.Instant) {
        if let deadline, deadline <= now { cut(.tooSlow) }
    }

    /// Ends it: the running exchange first, so that it learns why, then the socket, which makes libmicrohttpd see its
    /// end also while it waits for the client.
    func cut(_ reason: HTTPCut) {
        let exchange = monitor.withLock {
            if cutReason == nil { cutReason = reason }
            clock.waitForHandler()
            return self.exchange
        }
        exchange?.cut(reason)
        monitor.withLock { if let descriptor { _ = shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    /// libmicrohttpd is about to close the socket.
    func close() { monitor.withLock { descriptor = nil } }
}
