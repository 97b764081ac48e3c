import Foundation
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// What pairs of measurements are taken to say.
struct PairedTrialTests {
    /// The chances of a fair coin, from a table of the binomial distribution.
    @Test(
        arguments: [
            (4, 0.04, nil), (5, 0.04, 0), (7, 0.04, 0), (8, 0.04, 1), (8, 0.002, nil), (9, 0.002, 0), (12, 0.002, 0),
            (15, 0.002, 1), (18, 0.002, 2), (21, 0.002, 3), (100, 0.025, 39), (0, 0.5, nil),
        ] as [(Int, Double, Int?)])
    func ranksAreThoseOfTheSignTest(count: Int, chance: Double, rank: Int?) {
        #expect(PairedTrial.rank(count, errorChance: chance) == rank)
    }

    private static func trial(_ ratios: [Double], limit: Int = 21) -> PairedTrial {
        var trial = PairedTrial(limit: limit)
        for ratio in ratios { trial.add(before: 10, after: 10 * ratio) }
        return trial
    }

    @Test(
        arguments: [
            ([Double](repeating: 1.05, count: 8), .undecided), ([Double](repeating: 1.05, count: 9), .wins),
            ([Double](repeating: 1.01, count: 9), .doesNotWin), ([Double](repeating: 0.9, count: 4), .undecided),
            ([Double](repeating: 0.9, count: 5), .doesNotWin),
            // One run that was held up does not decide.
            ([1.05, 1.05, 1.05, 0.1, 1.05, 1.05, 1.05, 1.05, 1.05], .undecided),
            ([1.05, 1.05, 1.05, 0.1] + [Double](repeating: 1.05, count: 11), .wins),
            ([0.9, 0.9, 30, 0.9, 0.9, 0.9, 0.9, 0.9], .doesNotWin),
            ([1.5, 0.5, 1.5, 0.5, 1.5, 0.5, 1.5, 0.5, 1.5], .undecided),
            ([Double](repeating: 1.5, count: 10) + [Double](repeating: 0.5, count: 11), .doesNotWin), ([], .undecided),
        ] as [([Double], PairedTrial.Verdict)])
    func aVerdictNeedsEnoughPairs(ratios: [Double], verdict: PairedTrial.Verdict) {
        #expect(Self.trial(ratios).verdict == verdict)
    }

    @Test func whatIsNoSpeedIsPassedOver() {
        var trial = PairedTrial()
        for bad in [0, -1, .nan, .infinity] as [Double] {
            trial.add(before: bad, after: 1)
            trial.add(before: 1, after: bad)
        }
        #expect(trial.ratios.isEmpty && trial.median == nil && trial.verdict == .undecided)
    }

    /// The bounds hold as often as they say, for noise that is anything but normal.
    @Test func boundsHoldAsOftenAsTheySay() {
        var generator = SeededGenerator(seed: 1)
        var misses = 0
        for _ in 0..<4000 {
            let ratios = (0..<15).map { _ in
                generator.chance(0.5)
                    ? 1 - Double.random(in: 0..<0.5, using: &generator)
                    : 1 + Double.random(in: 0..<9, using: &generator)
            }
            // The true median is 1.
            if let bound = Self.trial(ratios).lowerBound(errorChance: 0.02), bound > 1 { misses += 1 }
        }
        // Expected are at most 80; 3 standard deviations more are 107.
        #expect(misses < 107)
    }
}
