internal import Freshet

/// The question whether anybody still waits for a batch, for while it is computed: one that nobody waits for is not worth
/// finishing.
///
/// llama.cpp asks between any two of its operations, some hundred times for a token that a small model has in a fraction
/// of a millisecond: the streams are looked at only where somebody has left since, or a limit has passed. It belongs to
/// the engine's thread, as long as the batch is computed.
final class Abandonment {
    private let streams: [AnswerStream]
    private let queue: EngineQueue
    private let now: @Sendable () -> ContinuousClock.Instant
    /// When the first of the streams has taken too long.
    private let expiry: ContinuousClock.Instant?
    /// Whether there is one. Kept, because `Instant` is of a library that may change its layout: an optional of it is
    /// tested by a call that looks the layout up, which is slow for a question that is asked so often.
    private let hasExpiry: Bool
    /// The departures at the last look; none before the first.
    private var seen = -1

    /// The question for a batch of those streams' tokens.
    init(of streams: [AnswerStream], queue: EngineQueue, now: @escaping @Sendable () -> ContinuousClock.Instant) {
        (self.streams, self.queue, self.now) = (streams, queue, now)
        expiry = streams.compactMap(\.expiry).min()
        hasExpiry = expiry != nil
    }

    /// Whether the engine is to stop, or all streams have been left or have taken too long.
    var isCertain: Bool {
        let departures = queue.departures
        guard departures != seen || hasExpiry && isLate else { return false }
        seen = departures
        return queue.isStopping || streams.allSatisfy { $0.writer.isEnded || $0.timeout() != nil }
    }

    private var isLate: Bool { expiry.map { $0 <= now() } ?? false }
}
