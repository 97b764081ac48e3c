internal import Freshet

/// What reaches the engine's thread from outside: requests that wait, a knock on the door, the order to stop.
final class EngineQueue: @unchecked Sendable {
    // Sendable: every stored variable is read and written under `monitor` only.

    /// What the engine's thread finds when it looks.
    struct Arrivals {
        /// Requests that get a slot now.
        var admitted: [Submission] = []
        /// Requests whose deadline passed while they waited.
        var expired: [Submission] = []
        /// Whether the engine is to stop.
        var isClosed = false
    }

    private let monitor = Monitor()
    private let capacity: Int
    private var waiting: [Submission] = []
    private var isKnocked = false
    private var isClosed = false

    /// A queue in which at most `capacity` requests wait for a slot.
    init(capacity: Int) { self.capacity = capacity }

    /// Lets a request wait, first come first served.
    ///
    /// - Throws: ``GenerationError`` with code `overloaded` when too many wait, or `shuttingDown`.
    func add(_ submission: Submission) throws(GenerationError) {
        let refusal: GenerationError? = monitor.withLock {
            if isClosed { return GenerationError(.shuttingDown, "The engine is shutting down.") }
            waiting.removeAll { $0.writer.isEnded }
            guard waiting.count < capacity else {
                return GenerationError(
                    .overloaded, "The engine is busy and \(capacity) requests wait already; try again later.",
                    retryAfter: .seconds(1))
            }
            waiting.append(submission)
            monitor.signal()
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Makes the engine's thread look again: a stream has room, or its reader has left.
    func knock() {
        monitor.withLock {
            isKnocked = true
            monitor.signal()
        }
    }

    /// Whether the engine has been ordered to stop.
    var isStopping: Bool { monitor.withLock { isClosed } }

    /// Orders the engine to stop.
    func close() {
        monitor.withLock {
            isClosed = true
            monitor.signal()
        }
    }

    /// What has arrived. Waits for something when `isIdle`, but not past `deadline`.
    ///
    /// Once closed, everything that waits is admitted, so that the engine can end it.
    func take(
        freeSlots: Int, isIdle: Bool, deadline: ContinuousClock.Instant?, now: () -> ContinuousClock.Instant
    ) -> Arrivals {
        monitor.withLock {
            while isIdle, !isKnocked, !isClosed, waiting.isEmpty || freeSlots == 0 {
                let next = ([deadline] + waiting.map(\.deadline)).compactMap(\.self).min()
                guard let next else {
                    monitor.wait()
                    continue
                }
                let rest = next - now()
                if rest <= .zero { break }
                monitor.wait(atMost: rest)
            }
            isKnocked = false
            var arrivals = Arrivals(isClosed: isClosed)
            guard !waiting.isEmpty else { return arrivals }
            waiting.removeAll { $0.writer.isEnded }
            let time = now()
            arrivals.expired = waiting.filter { $0.isExpired(at: time) }
            waiting.removeAll { $0.isExpired(at: time) }
            arrivals.admitted = Array(waiting.prefix(isClosed ? waiting.count : freeSlots))
            waiting.removeFirst(arrivals.admitted.count)
            return arrivals
        }
    }
}
