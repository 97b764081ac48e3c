import FreshetLlama
import FreshetTestSupport
import Testing

struct DraftAcceptanceTests {
    @Test func whatIsSeenIsBelieved() {
        var acceptance = DraftAcceptance(places: 7, prior: 0.3)
        #expect((0..<7).allSatisfy { acceptance.probability($0) == 0.3 } && acceptance.mean == 0.3)
        for _ in 0..<100 {
            for place in [1, 2] { acceptance.observe(place, isKept: false) }
            for place in [3, 5, 6] { acceptance.observe(place, isKept: true) }
        }
        #expect([1, 2].allSatisfy { acceptance.probability($0) < 0.05 })
        // Of the fourth nothing was seen: it is like the third.
        #expect([3, 4, 5, 6].allSatisfy { acceptance.probability($0) > 0.9 })
        #expect(abs(acceptance.mean - 0.6) < 0.05)
        // The text stops repeating itself.
        for _ in 0..<60 { acceptance.observe(6, isKept: false) }
        #expect(acceptance.probability(6) < 0.2 && acceptance.mean < 0.2)
    }

    /// Chances are products of probabilities, and end where nothing is likely.
    @Test func chancesFallAndEnd() {
        for seed in 0..<(100 as UInt64) {
            var random = SeededGenerator(seed: seed)
            var acceptance = PromptLookup.acceptance
            let rate = Double.random(in: 0...1, using: &random)
            for _ in 0..<200 {
                let length = Int.random(in: 0...60, using: &random)
                acceptance.observe(PromptLookup.confidence(length), isKept: random.chance(rate))
            }
            let start = Int.random(in: 0...40, using: &random)
            let places = (0..<24).map { PromptLookup.confidence(start + $0) }
            let chances = acceptance.chances(places)
            #expect(chances.count <= 24 && chances.allSatisfy { $0 >= DraftAcceptance.leastChance && $0 < 1 })
            for (number, chance) in chances.enumerated() {
                let before = number == 0 ? 1 : chances[number - 1]
                #expect(abs(chance - before * acceptance.probability(places[number])) < 1e-12)
            }
            guard chances.count < 24 else { continue }
            let next = (chances.last ?? 1) * acceptance.probability(places[chances.count])
            #expect(next < DraftAcceptance.leastChance)
        }
    }
}
