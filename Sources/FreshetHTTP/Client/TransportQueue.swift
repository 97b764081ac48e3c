internal import Freshet

/// What reaches the transport's thread from outside: requests, resumptions, cancellations, the order to stop.
///
/// It is bounded by the number of exchanges: each stands in it once at the most for each kind of command.
final class TransportQueue: @unchecked Sendable {
    // Sendable: every stored variable is read and written under `monitor` only.

    /// A request that the thread has not seen.
    struct Start {
        let exchange: HTTPExchange
        let request: HTTPClientRequest
        let origin: HTTPOrigin
        let receiver: any HTTPResponseReceiver
        let at: ContinuousClock.Instant
    }

    /// What the thread finds when it looks.
    struct Arrivals {
        var started: [Start] = []
        var resumed: Set<UInt64> = []
        var cancelled: Set<UInt64> = []
        var isClosed = false
    }

    private let monitor = Monitor()
    private let capacity: Int
    /// `nil` once the thread has ended.
    private var multi: CurlMulti?
    private var arrivals = Arrivals()
    private var isKnocked = false
    private var lastID: UInt64 = 0
    /// The exchanges that have not ended.
    private var running: Set<UInt64> = []

    init(multi: CurlMulti, capacity: Int) { (self.multi, self.capacity) = (multi, capacity) }

    /// Hands a request over.
    ///
    /// - Throws: ``GenerationError`` with code `overloaded` or `shuttingDown`.
    func start(
        _ request: HTTPClientRequest, origin: HTTPOrigin, receiver: any HTTPResponseReceiver
    ) throws(GenerationError) -> HTTPExchange {
        let now = ContinuousClock.now
        let (exchange, multi) = try monitor.withLock { () throws(GenerationError) in
            if arrivals.isClosed { throw GenerationError(.shuttingDown, "The HTTP client is shutting down.") }
            guard running.count < capacity else {
                throw GenerationError(
                    .overloaded, "\(capacity) requests are under way already; try again later.",
                    retryAfter: .seconds(1))
            }
            lastID += 1
            running.insert(lastID)
            let exchange = HTTPExchange(queue: self, id: lastID)
            arrivals.started.append(
                Start(exchange: exchange, request: request, origin: origin, receiver: receiver, at: now))
            return (exchange, knock())
        }
        multi?.wake()
        return exchange
    }

    /// Asks for a paused exchange to go on.
    func resume(_ id: UInt64) { add({ $0.resumed.insert(id) }, to: id) }

    /// Asks for an exchange to end.
    func cancel(_ id: UInt64) { add({ $0.cancelled.insert(id) }, to: id) }

    /// Orders the thread to stop.
    func close() {
        monitor.withLock {
            arrivals.isClosed = true
            return knock()
        }?.wake()
    }

    /// What has arrived since the thread last looked.
    func take() -> Arrivals {
        monitor.withLock {
            defer { arrivals = Arrivals(isClosed: arrivals.isClosed) }
            isKnocked = false
            return arrivals
        }
    }

    /// Makes room for another exchange.
    func end(_ id: UInt64) {
        monitor.withLock { _ = running.remove(id) }
    }

    /// Says that the thread has ended, and lets libcurl's handle go.
    func detach() {
        let released = monitor.withLock {
            defer { multi = nil }
            return multi
        }
        withExtendedLifetime(released) {}
    }

    private func add(_ command: (inout Arrivals) -> Void, to id: UInt64) {
        monitor.withLock {
            guard running.contains(id) else { return nil as CurlMulti? }
            command(&arrivals)
            return knock()
        }?.wake()
    }

    /// Notes, under the monitor, that there is something to look at.
    ///
    /// - Returns: what to wake, outside the monitor, unless the thread has been woken already.
    private func knock() -> CurlMulti? {
        defer { isKnocked = true }
        return isKnocked ? nil : multi
    }
}
