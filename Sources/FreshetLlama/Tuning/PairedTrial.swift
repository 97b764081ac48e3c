internal import Freshet
internal import Glibc

/// A comparison of two ways of doing the same on a machine that others use too.
///
/// Both are measured again and again in pairs, each pair close together in time, so that what slows one run is likely to
/// slow the other; the one that begins changes from pair to pair, so that what grows worse with time falls on both. Looked
/// at is the ratio of each pair, and of the ratios the median: a run that something held up for a second counts no more
/// than one that was a little slow.
///
/// A confidence bound for the median asks nothing of how the noise is distributed: the k-th smallest of n values lies above
/// the median with the chance that of n tosses of a coin fewer than k fall on one side (W. R. Thompson, "On Confidence Ranges
/// for the Median and Other Expectation Distributions", 1936; it is the sign test turned round). The values are looked at
/// several times while they come in, so that each look is allowed only its part of the chance of error (Bonferroni).
package struct PairedTrial: Sendable, Hashable {
    /// The new way's speed divided by the old one's, of each pair, in order.
    package private(set) var ratios: [Double] = []
    /// The most pairs.
    package let limit: Int

    /// What can be said.
    package enum Verdict: Sendable, Hashable {
        /// The new way is faster by more than ``clearGain``.
        case wins
        /// It may be faster, and it may not: more pairs are needed.
        case undecided
        /// It is not clearly faster: that was seen, or there were as many pairs as there may be.
        case doesNotWin
    }

    /// What a clear gain is more than.
    package static let clearGain = 0.01
    /// The least pairs after which something may be said to win, by the rules below.
    package static let leastPairs = 9
    /// The chance that all looks together take something for faster that is not.
    static let errorChance = 0.01
    /// The chance, at one look, that something faster is given up, which costs speed and never makes anything slower.
    static let givingUpChance = 0.04

    /// A trial without pairs.
    package init(limit: Int = 21) { self.limit = max(Self.leastPairs, limit) }

    /// Adds a pair of speeds. One that is no speed is passed over.
    package mutating func add(before: Double, after: Double) {
        guard before > 0, after > 0, before.isFinite, after.isFinite, ratios.count < limit else { return }
        ratios.append(after / before)
    }

    /// What the pairs so far say.
    package var verdict: Verdict {
        if isClearlyAbove(1 + Self.clearGain) { return .wins }
        if ratios.count >= limit || isBelow(1 + Self.clearGain) { return .doesNotWin }
        // With half of the pairs against it, a clear gain is not to be expected of the rest.
        if ratios.count >= Self.leastPairs, let median, median <= 1 + Self.clearGain { return .doesNotWin }
        return .undecided
    }

    /// Whether the median was seen to be below a ratio, by the rule for giving up.
    package func isBelow(_ ratio: Double) -> Bool {
        guard let bound = upperBound(errorChance: Self.givingUpChance) else { return false }
        return bound < ratio
    }

    /// Whether the median was seen to be above a ratio, by the rule for winning.
    package func isClearlyAbove(_ ratio: Double) -> Bool {
        guard isLook, let bound = lowerBound(errorChance: Self.errorChance / Double(lookCount)) else { return false }
        return bound > ratio
    }

    /// The median ratio; `nil` without pairs.
    package var median: Double? { ratios.median }

    /// Whether the pairs are looked at for a win: after the least number, and then after every third.
    private var isLook: Bool { ratios.count >= Self.leastPairs && (ratios.count - Self.leastPairs) % 3 == 0 }
    private var lookCount: Int { (limit - Self.leastPairs) / 3 + 1 }

    /// What the median is above, but for a chance of error; `nil` while there are too few pairs to say.
    func lowerBound(errorChance: Double) -> Double? {
        let place = Self.rank(ratios.count, errorChance: errorChance)
        return place.map { ratios.sorted()[$0] }
    }

    /// What the median is below, but for a chance of error; `nil` while there are too few pairs to say.
    func upperBound(errorChance: Double) -> Double? {
        let place = Self.rank(ratios.count, errorChance: errorChance)
        return place.map { ratios.sorted()[ratios.count - 1 - $0] }
    }

    /// The greatest index from the end of `count` sorted values, from 0, for which the chance that so few or fewer of as
    /// many coins fall on one side is at most `errorChance`; `nil` where even none is likelier.
    static func rank(_ count: Int, errorChance: Double) -> Int? {
        guard count > 0 else { return nil }
        var chance = pow(0.5, Double(count))
        var (sum, place) = (chance, 0)
        guard sum <= errorChance else { return nil }
        while place < count / 2 {
            chance *= Double(count - place) / Double(place + 1)
            guard sum + chance <= errorChance else { break }
            sum += chance
            place += 1
        }
        return place
    }
}
