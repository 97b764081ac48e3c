/// How likely a drafted token is to be the one that is drawn: learned for each length of the agreement before it.
///
/// A long run of tokens that agree with what is copied makes the next one likely to agree too. Every token of an answer
/// teaches, whether its draft was computed or not, so that learning costs nothing and a text that begins to repeat itself
/// is noticed.
package struct DraftAcceptance: Sendable {
    private struct Count: Sendable {
        var kept = 0.0
        var tried = 0.0
    }

    /// By the number of bits that the agreement's length takes.
    private var counts = [Count](repeating: Count(), count: Self.place(of: PromptLookup.longest) + 1)

    /// What each observation leaves of the earlier ones' weight: about the last thirty count.
    private static let weightKept = 0.97
    /// What is believed before anything is known, and with the weight of how many observations.
    private static let prior = 0.3
    private static let priorWeight = 1.0

    /// Nothing is known.
    package init() {}

    /// How likely the token after an agreement of that length is kept. What a length has not shown yet, the shorter ones
    /// tell for it.
    package func probability(agreement length: Int) -> Double {
        counts[...Self.place(of: length)].reduce(Self.prior) { belief, count in
            (count.kept + Self.priorWeight * belief) / (count.tried + Self.priorWeight)
        }
    }

    /// How likely each of `count` tokens is kept, together with all before it, when the first follows an agreement of
    /// that length. Chances below ``leastChance`` are left out.
    package func chances(agreement length: Int, count: Int) -> [Double] {
        var chances: [Double] = []
        var chance = 1.0
        for place in 0..<count {
            chance *= probability(agreement: length + place)
            guard chance >= Self.leastChance else { break }
            chances.append(chance)
        }
        return chances
    }

    /// A chance that no batch is worth.
    package static let leastChance = 0.05

    /// Says what became of a drafted token all before which were kept.
    package mutating func observe(agreement length: Int, isKept: Bool) {
        let place = Self.place(of: length)
        counts[place].kept = counts[place].kept * Self.weightKept + (isKept ? 1 : 0)
        counts[place].tried = counts[place].tried * Self.weightKept + 1
    }

    private static func place(of length: Int) -> Int {
        let length = min(length, PromptLookup.longest)
        return length.bitWidth - length.leadingZeroBitCount
    }
}
