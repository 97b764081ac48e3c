import FreshetLlama
import FreshetTestSupport
import Testing

struct BatchCostTests {
    private func milliseconds(_ duration: Duration?) -> Double { (duration ?? .zero) / .milliseconds(1) }

    @Test func nothingIsKnownAtFirst() {
        var cost = BatchCost()
        #expect(cost.duration(of: 1) == nil && cost.tokens(within: .seconds(1)) == nil && cost.largestRecent == 0)
        cost.observe(tokens: 0, took: .seconds(1))
        cost.observe(tokens: 5, took: .zero)
        #expect(cost.duration(of: 1) == nil)
    }

    @Test func oneSizeIsTakenForAllTokensAlike() {
        var cost = BatchCost()
        cost.observe(tokens: 10, took: .milliseconds(20))
        #expect(abs(milliseconds(cost.duration(of: 40)) - 80) < 0.001)
        #expect(cost.tokens(within: .milliseconds(101)) == 50)
        #expect(cost.largestRecent == 10)
    }

    @Test func twoSizesGiveALine() {
        var cost = BatchCost()
        cost.observe(tokens: 1, took: .milliseconds(22))
        cost.observe(tokens: 101, took: .milliseconds(222))
        #expect(abs(milliseconds(cost.duration(of: 51)) - 122) < 0.001)
        #expect(cost.tokens(within: .milliseconds(121)) == 50)
        #expect(cost.tokens(within: .milliseconds(19)) == 0)
    }

    /// Sizes between those measured lie between them, those beyond are taken for the nearest.
    @Test func anEstimateFollowsWhatWasMeasured() {
        var cost = BatchCost()
        #expect(cost.estimate(of: 1) == nil)
        cost.observe(tokens: 1, took: .milliseconds(20))
        #expect([1, 8, 100].allSatisfy { milliseconds(cost.estimate(of: $0)) == 20 })
        cost.observe(tokens: 5, took: .milliseconds(40))
        cost.observe(tokens: 100, took: .milliseconds(230))
        let estimates = [1, 3, 5, 24, 100, 500].map { milliseconds(cost.estimate(of: $0)) }
        #expect(zip(estimates, [20, 30, 40, 78, 230, 230]).allSatisfy { abs($0 - $1) < 0.001 }, "\(estimates)")
    }

    /// A batch that was held up cannot be dearer than a larger one, and is asked again when nothing else tells.
    @Test func oneBadMomentDoesNotStandForEver() {
        var cost = BatchCost()
        cost.observe(tokens: 3, took: .milliseconds(90))
        cost.observe(tokens: 9, took: .milliseconds(50))
        #expect(milliseconds(cost.estimate(of: 2)) == 50)
        for batch in 0..<40 {
            cost.observe(tokens: 1, took: .milliseconds(20))
            if batch == 20 { #expect(milliseconds(cost.estimate(of: 9)) == 50) }
        }
        #expect(milliseconds(cost.estimate(of: 9)) == 20)
    }

    /// Whatever is observed, more tokens never cost less, and an answer is given.
    @Test func anyObservationsGiveALineThatRises() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<300 {
            var cost = BatchCost()
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                cost.observe(
                    tokens: 1 << Int.random(in: 0...20, using: &random),
                    took: .nanoseconds(Int64(1) << Int64.random(in: 0...60, using: &random)))
                for duration in [cost.duration(of:), cost.estimate(of:)] {
                    let durations = [0, 1, 7, 100, 100_000].map { milliseconds(duration($0)) }
                    #expect(durations.allSatisfy { $0.isFinite && $0 >= 0 })
                    #expect(zip(durations, durations.dropFirst()).allSatisfy { $0 <= $1 * (1 + 1e-12) })
                }
                let counts = [0, 1, 50, 10_000].map { cost.tokens(within: .milliseconds($0)) ?? -1 }
                #expect(counts.allSatisfy { $0 >= 0 } && counts == counts.sorted())
            }
        }
    }

    /// One batch in ten takes twice as long, all of them vary: the line stays within a tenth of the truth, as long as
    /// no more than four of a size's last seven were disturbed; and when the machine becomes half as fast, it follows.
    @Test func disturbanceIsTakenForWhatItIs() {
        var judged = 0
        for seed in 0..<(40 as UInt64) {
            var random = SeededGenerator(seed: seed)
            var cost = BatchCost()
            // Whether each was disturbed, of the small batches and of the large ones.
            var disturbed: [[Bool]] = [[], []]
            for step in 0..<300 {
                let truth = { (tokens: Int) in (25 + 2 * Double(tokens)) * (step < 200 ? 1 : 2) }
                let isSmall = random.chance(0.3)
                let tokens = isSmall ? 3 : Int.random(in: 33...63, using: &random)
                disturbed[isSmall ? 0 : 1].append(random.chance(0.1))
                let factor =
                    disturbed[isSmall ? 0 : 1].last == true ? 2 : Double.random(in: 0.97...1.03, using: &random)
                cost.observe(tokens: tokens, took: .milliseconds(truth(tokens) * factor))
                guard step % 200 > 60, disturbed.allSatisfy({ $0.suffix(7).count(where: \.self) <= 4 }) else {
                    continue
                }
                judged += 1
                for tokens in [3, 45] {
                    let error = milliseconds(cost.duration(of: tokens)) / truth(tokens) - 1
                    #expect(abs(error) < 0.1, "seed \(seed), step \(step), \(tokens) tokens")
                }
            }
        }
        #expect(judged > 40 * 170)
    }
}
