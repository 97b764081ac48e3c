/// Which deadline of one exchange comes next. It has no clock: it is told what happens, and when.
package struct DeadlineTimer: Sendable {
    /// A deadline, and what missing it means.
    package enum Kind: Sendable {
        case connect, firstByte, idle, content, total
    }

    private let deadlines: HTTPDeadlines
    private let startedAt: ContinuousClock.Instant
    private var isConnected = false
    private var lastByteAt: ContinuousClock.Instant?
    private var lastContentAt: ContinuousClock.Instant
    private var isPaused = false

    /// A timer of an exchange that starts.
    package init(_ deadlines: HTTPDeadlines, startedAt: ContinuousClock.Instant) {
        self.deadlines = deadlines
        lastContentAt = startedAt
        self.startedAt = startedAt
    }

    /// Notes that the connection stands.
    package mutating func connect() { isConnected = true }

    /// Notes that bytes have come, of the head or the body; a comment or a heartbeat is a sign of life too.
    package mutating func receive(at now: ContinuousClock.Instant) { (isConnected, lastByteAt) = (true, now) }

    /// Notes that some of what has come is content.
    package mutating func receiveContent(at now: ContinuousClock.Instant) { lastContentAt = now }

    /// Notes that nothing more is read, by our own will.
    package mutating func pause() { isPaused = true }

    /// Notes that reading goes on.
    package mutating func resume(at now: ContinuousClock.Instant) {
        guard isPaused else { return }
        isPaused = false
        lastByteAt = now
    }

    /// The deadline that comes first; `nil` when none will.
    package var next: (kind: Kind, limit: Duration, instant: ContinuousClock.Instant)? {
        var candidates: [(Kind, Duration?, ContinuousClock.Instant)] = [
            (.total, deadlines.total, startedAt), (.content, deadlines.content, lastContentAt),
        ]
        if !isConnected { candidates.append((.connect, deadlines.connect, startedAt)) }
        if let lastByteAt {
            if !isPaused { candidates.append((.idle, deadlines.idle, lastByteAt)) }
        } else {
            candidates.append((.firstByte, deadlines.firstByte, startedAt))
        }
        return candidates.compactMap { kind, limit, start in limit.map { (kind, $0, start + $0) } }
            .min { $0.instant < $1.instant }
    }
}
