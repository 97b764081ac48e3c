import FreshetLlama
import FreshetTestSupport
import Testing

struct DraftAcceptanceTests {
    @Test func whatIsSeenIsBelieved() {
        var acceptance = DraftAcceptance()
        for _ in 0..<100 {
            for length in [1, 2] { acceptance.observe(agreement: length, isKept: false) }
            for length in [4, 7, 20, 100] { acceptance.observe(agreement: length, isKept: true) }
        }
        #expect([1, 2, 3].allSatisfy { acceptance.probability(agreement: $0) < 0.05 })
        #expect([4, 7, 16, 31, 32, 1000].allSatisfy { acceptance.probability(agreement: $0) > 0.95 })
        // Of eight to fifteen nothing was seen: they are like those of four.
        #expect(acceptance.probability(agreement: 9) > 0.9)
        // The text stops repeating itself.
        for _ in 0..<60 { acceptance.observe(agreement: 40, isKept: false) }
        #expect(acceptance.probability(agreement: 32) < 0.2)
    }

    /// Chances are products of probabilities, and end where nothing is likely.
    @Test func chancesFallAndEnd() {
        for seed in 0..<(100 as UInt64) {
            var random = SeededGenerator(seed: seed)
            var acceptance = DraftAcceptance()
            let rate = Double.random(in: 0...1, using: &random)
            for _ in 0..<200 {
                acceptance.observe(agreement: Int.random(in: 0...60, using: &random), isKept: random.chance(rate))
            }
            let start = Int.random(in: 0...40, using: &random)
            let chances = acceptance.chances(agreement: start, count: 24)
            #expect(chances.count <= 24 && chances.allSatisfy { $0 >= DraftAcceptance.leastChance && $0 < 1 })
            for (place, chance) in chances.enumerated() {
                let before = place == 0 ? 1 : chances[place - 1]
                #expect(abs(chance - before * acceptance.probability(agreement: start + place)) < 1e-12)
            }
            let next = (chances.last ?? 1) * acceptance.probability(agreement: start + chances.count)
            #expect(chances.count == 24 || next < DraftAcceptance.leastChance)
        }
    }
}
