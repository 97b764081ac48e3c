internal import Freshet

/// What a generation waits for before it takes a sequence, because that costs less than to compute its prompt from
/// where memory ends. A value: it knows generations by number, and no memory.
enum PrefixWait: Sendable, Hashable {
    /// The one that is computing the first `length` tokens of both prompts.
    case leader(number: UInt64, length: Int)
    /// The folder of prefixes, which may hang: not beyond a time.
    case folder(until: ContinuousClock.Instant)

    /// A generation whose prompt is being computed, or waits to be, and whose reader keeps up.
    struct Leader: Sendable {
        /// Which generation it is.
        var number: UInt64
        /// Its prompt.
        var tokens: [Token]
        /// How many of them are computed.
        var computed: Int
    }

    /// A generation that takes part in the turns of a batch.
    struct Participant: Sendable {
        /// Which generation it is: one that waits has a higher number than its leader.
        var number: UInt64
        /// Its own weight.
        var weight: Int
        /// What it waits for.
        var wait: PrefixWait?
    }

    /// What can be computed within a few tokens is not worth a wait.
    private static let leastGain = 16

    /// Finds the leader that is worth waiting for most.
    ///
    /// - Parameters:
    ///   - prompt: the prompt of the one that would wait. Its last token is computed in any case.
    ///   - cached: how much of it is in memory.
    ///   - leaders: who is computing.
    ///   - isTrimmable: whether a part of what a leader computes can be shared, or only the whole.
    /// - Returns: the leader, and how much of the prompt that will give; `nil` when none is worth it.
    static func leader(
        of prompt: [Token], cached: Int, among leaders: [Leader], isTrimmable: Bool
    ) -> (number: UInt64, length: Int)? {
        leaders.map { leader in
            (leader, zip(prompt.dropLast(), leader.tokens).prefix { $0 == $1 }.count)
        }.filter { leader, shared in
            shared >= cached + leastGain && (isTrimmable || shared == leader.tokens.count)
        }.max { $0.1 < $1.1 }.map { ($0.0.number, $0.1) }
    }

    /// Whether there is nothing more to wait for. A leader that has ended, or that its reader holds up, is none of
    /// `leaders` any more.
    func isOver(leaders: [Leader], hasArrived: Bool, now: () -> ContinuousClock.Instant) -> Bool {
        switch self {
        case .leader(let number, let length): !leaders.contains { $0.number == number && $0.computed < length }
        case .folder(let until): hasArrived || now() >= until
        }
    }

    /// The weight that each generation counts with: the greatest of its own and of all that wait for it, also by way of
    /// others. A light request would else hold up a heavy one that waits for its prompt (priority inheritance; Sha,
    /// Rajkumar and Lehoczky 1990).
    static func weights(of participants: [Participant]) -> [UInt64: Int] {
        var weights: [UInt64: Int] = [:]
        for participant in participants.sorted(by: { $0.number > $1.number }) {
            let weight = max(participant.weight, weights[participant.number] ?? 0)
            weights[participant.number] = weight
            guard case .leader(let leader, _) = participant.wait else { continue }
            weights[leader] = max(weight, weights[leader] ?? 0)
        }
        return weights
    }
}
