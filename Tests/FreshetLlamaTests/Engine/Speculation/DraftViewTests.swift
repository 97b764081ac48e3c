import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

struct DraftViewTests {
    /// Generations that grow, lose tokens in their middle, or become others: what is kept is of them, but for the last token,
    /// and little is to be read where only the end is to be seen.
    @Test func whatIsKeptIsOfTheGeneration() {
        var (ends, kept) = (0, 0)
        for seed in 0..<(40 as UInt64) {
            var random = SeededGenerator(seed: seed)
            func text(_ count: Int) -> [Token] { (0..<count).map { _ in Token.random(in: 0...3, using: &random) } }
            var view = DraftView()
            var generation = text(Int.random(in: 1...400, using: &random))
            for step in 0..<60 {
                switch Int.random(in: 0...9, using: &random) {
                case 0: generation = text(Int.random(in: 1...400, using: &random))
                case 1:
                    let start = Int.random(in: 0..<generation.count, using: &random)
                    generation.removeSubrange(start..<Int.random(in: start..<generation.count, using: &random))
                default: generation += text(Int.random(in: 1...5, using: &random))
                }
                // Now and then a model is not asked.
                guard random.chance(0.8) else { continue }
                let (seesAll, before) = (random.chance(0.3), view)
                let unread = view.unread(of: generation, seesAll: seesAll)
                view.follow(generation, seesAll: seesAll)
                let held = generation.dropFirst(view.start).prefix(view.tokens.count)
                #expect(Array(held) == view.tokens, "seed \(seed), step \(step)")
                #expect(unread == generation.count - view.start - view.tokens.count && unread > 0)
                #expect(seesAll ? view.start == 0 : unread <= max(DraftView.end, view.tokens.count))
                // What was read of this generation before is not read again without need.
                let same = zip(before.tokens, generation.dropFirst(before.start).dropLast()).prefix { $0 == $1 }.count
                if view.start == before.start, view.tokens.count < same { Issue.record("\(same) were there") }
                (ends, kept) = (ends + (view.start > 0 ? 1 : 0), kept + (view.tokens.isEmpty ? 0 : 1))
                // It reads all that there is, and guesses, of which some are wrong.
                for token in generation.dropFirst(view.start + view.tokens.count) + text(2) { view.append(token) }
            }
        }
        #expect(ends > 200 && kept > 200, "\(ends), \(kept)")
    }
}
