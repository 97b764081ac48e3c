internal import Freshet
internal import Synchronization

/// What reaches the engine's thread from outside: requests that wait, prefixes read from disk, a knock on the door, the
/// order to stop.
final class EngineQueue: @unchecked Sendable {
    // Sendable: every stored variable is read and written under `monitor` only, but for the atomic one.

    /// What the engine's thread finds when it looks.
    struct Arrivals {
        /// Choices that get a slot now.
        var admitted: [WaitingLine.Entry] = []
        /// Requests that waited for too long.
        var expired: [Submission] = []
        /// What the disk had for prompts, by the number of the generation that asked.
        var prefixes: [UInt64: [PrefixBlock]] = [:]
        /// What is to be done to memory beside the generations.
        var errands: [MemoryErrand] = []
        /// Whether the engine is to stop.
        var isClosed = false
    }

    private let monitor = Monitor()
    private let capacity: Int
    private let retryAfter: Duration
    private var line: WaitingLine
    private var prefixes: [UInt64: [PrefixBlock]] = [:]
    private var errands: [MemoryErrand] = []
    private var lastTicket: UInt64 = 0
    private var isKnocked = false
    private var isClosed = false
    private let departureCount = Atomic(0)

    /// A queue in which at most `capacity` requests wait for a slot.
    ///
    /// - Parameter retryAfter: when a request that finds no place is told to try again.
    init(capacity: Int, retryAfter: Duration) {
        self.capacity = capacity
        self.retryAfter = retryAfter
        line = WaitingLine(capacity: capacity)
    }

    /// A number for a request.
    func nextTicket() -> UInt64 {
        monitor.withLock {
            lastTicket += 1
            return lastTicket
        }
    }

    /// Lets a request wait for a slot.
    ///
    /// - Throws: ``GenerationError`` with code `overloaded` when too many wait, or `shuttingDown`.
    func add(_ submission: Submission) throws(GenerationError) {
        let overload = GenerationError(
            .overloaded, "The engine is busy and \(capacity) requests wait already; try again later.",
            retryAfter: retryAfter)
        var displaced: Submission?
        let refusal: GenerationError? = monitor.withLock {
            if isClosed { return .shuttingDown }
            // Whoever leaves from here on, leaves the line.
            if submission.answers.writer.isEnded { return nil }
            displaced = line.add(submission)
            if displaced?.answers === submission.answers { return overload }
            monitor.signal()
            return nil
        }
        if let refusal { throw refusal }
        displaced?.answers.writer.fail(overload)
    }

    /// Brings what the disk had for a generation's prompt.
    func deliver(_ blocks: [PrefixBlock], to generation: UInt64) {
        monitor.withLock {
            prefixes[generation] = blocks
            monitor.signal()
        }
    }

    /// Lets the engine's thread do something to its memory.
    ///
    /// - Throws: ``GenerationError`` with code `overloaded` when too much waits, or `shuttingDown`.
    func add(_ errand: MemoryErrand) throws(GenerationError) {
        try monitor.withLock { () throws(GenerationError) in
            if isClosed { throw .shuttingDown }
            guard errands.count < Self.errandLimit else {
                throw GenerationError(
                    .overloaded, "Too many states wait to be saved or restored; try again later.",
                    retryAfter: retryAfter)
            }
            errands.append(errand)
            monitor.signal()
        }
    }

    /// States that wait are in memory.
    private static let errandLimit = 4

    /// Says that nobody waits for a request any more, wherever it is.
    func leave(_ ticket: UInt64) {
        monitor.withLock {
            line.remove(ticket)
            isKnocked = true
            monitor.signal()
        }
        departureCount.add(1, ordering: .releasing)
    }

    /// How often somebody has left, or ordered the engine to stop: asked often, while a batch is computed.
    var departures: Int { departureCount.load(ordering: .acquiring) }

    /// Makes the engine's thread look again: a stream has room.
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
        departureCount.add(1, ordering: .releasing)
    }

    /// What has arrived. Waits for something when `isIdle`, but not past `expiry`.
    ///
    /// - Parameters:
    ///   - freeSlots: the most choices to admit. Once closed, everything that waits counts as expired.
    ///   - running: the generations that each client runs; asked when somebody waits.
    ///   - expiry: when the first of the running streams has taken too long; asked when there is nothing to do.
    func take(
        freeSlots: Int, running: () -> [String: Int], isIdle: Bool, expiry: () -> ContinuousClock.Instant?,
        now: () -> ContinuousClock.Instant
    ) -> Arrivals {
        monitor.withLock {
            while isIdle, !isKnocked, !isClosed, prefixes.isEmpty, errands.isEmpty, line.count == 0 || freeSlots == 0 {
                guard let next = [expiry(), line.nextExpiry()].compactMap(\.self).min() else {
                    monitor.wait()
                    continue
                }
                let rest = next - now()
                if rest <= .zero { break }
                monitor.wait(atMost: rest)
            }
            isKnocked = false
            var arrivals = Arrivals(prefixes: prefixes, isClosed: isClosed)
            (arrivals.errands, prefixes, errands) = (errands, [:], [])
            arrivals.expired = isClosed ? line.removeAll() : line.removeLate(now: now)
            if freeSlots > 0, line.count > 0 { arrivals.admitted = line.admit(freeSlots, running: running()) }
            return arrivals
        }
    }
}

extension GenerationError {
    /// The error of what an engine that ends has not finished.
    static let shuttingDown = GenerationError(.shuttingDown, "The engine is shutting down.")
}
