import FreshetLlama
import FreshetTestSupport
import Testing

struct DraftPlanTests {
    private func lengths(
        _ drafts: [[Double]], beside running: Int = 1, limit: Int = 16, _ milliseconds: @escaping (Int) -> Double?
    ) -> [Int] {
        DraftPlan.lengths(of: drafts, beside: running, limit: limit) { milliseconds($0).map { .milliseconds($0) } }
    }

    private let sure = [Double](repeating: 0.99, count: 8)

    @Test func whatCostsNothingIsTakenAndWhatCostsAllIsNot() {
        #expect(lengths([sure]) { _ in 20 } == [8])
        #expect(lengths([sure], limit: 3) { _ in 20 } == [3])
        #expect(lengths([sure], limit: -1) { _ in 20 } == [0])
        #expect(lengths([sure]) { 20 * Double($0) } == [0])
        #expect(lengths([sure]) { _ in nil } == [0])
        #expect(lengths([[0.03, 0.01]]) { _ in 20 } == [0])
        #expect(lengths([]) { _ in 20 } == [])
        // Kernels that take four rows at a time.
        #expect(lengths([sure]) { Double(($0 + 3) / 4 * 20) } == [3])
        // Beside eight streams a token more costs what it gives.
        #expect(lengths([sure], beside: 8) { $0 <= 8 ? 50 : 50 + 7 * Double($0 - 8) } == [0])
        // What nothing is known of ends the list.
        #expect(lengths([sure]) { $0 > 4 ? nil : 20 } == [3])
    }

    /// No other choice of lengths gives more tokens a millisecond, whatever batches cost.
    @Test func noOtherChoiceIsBetter() {
        for seed in 0..<(300 as UInt64) {
            var random = SeededGenerator(seed: seed)
            let drafts = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                (0..<Int.random(in: 0...4, using: &random)).map { _ in Double.random(in: 0.05...1, using: &random) }
                    .sorted(by: >)
            }
            let running = Int.random(in: drafts.count...6, using: &random)
            let limit = Int.random(in: 0...12, using: &random)
            let costs = (0...30).map { _ in Double.random(in: 5...20, using: &random) }
            func rate(_ lengths: [Int]) -> Double {
                let expected = zip(drafts, lengths).reduce(Double(running)) { $0 + $1.0.prefix($1.1).reduce(0, +) }
                return expected / costs[running + lengths.reduce(0, +)]
            }
            let chosen = lengths(drafts, beside: running, limit: limit) { costs[$0] }
            #expect(chosen.reduce(0, +) <= limit)
            var all: [[Int]] = [[]]
            for draft in drafts { all = all.flatMap { lengths in (0...draft.count).map { lengths + [$0] } } }
            let best = all.filter { $0.reduce(0, +) <= limit }.map(rate).max() ?? 0
            let alone = rate(drafts.map { _ in 0 })
            if chosen.contains(where: { $0 > 0 }) {
                #expect(abs(rate(chosen) - best) < 1e-9 && best > DraftPlan.leastGain * alone, "seed \(seed)")
            } else {
                #expect(best <= DraftPlan.leastGain * alone + 1e-9, "seed \(seed)")
            }
        }
    }
}
