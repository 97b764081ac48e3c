import Freshet
import Testing

@testable import FreshetLlama

struct TokenHistoryTests {
    @Test(arguments: [1, 2, 7, 100])
    func holdsTheLastTokensAndCountsThem(_ capacity: Int) {
        var random = RandomSource(seed: 61)
        var (history, counts) = (
            TokenHistory(capacity: capacity), TokenCounts(vocabularySize: 20, distinct: capacity + 1)
        )
        var all: [Token] = []
        for _ in 0..<300 {
            let token = Token(random.nextUnit() * 20)
            all.append(token)
            counts.insert(token)
            let forgotten = history.append(token)
            #expect(forgotten == (all.count > capacity ? all[all.count - 1 - capacity] : nil))
            if let forgotten { counts.remove(forgotten) }

            let last = Array(all.suffix(capacity))
            #expect(history.count == last.count)
            #expect((0..<history.count).map { history[$0] } == last.reversed())
            #expect(Set(counts.tokens) == Set(last))
            #expect(counts.tokens.count == Set(last).count)
            #expect(counts.tokens.allSatisfy { token in Int(counts[token]) == last.filter { $0 == token }.count })
        }
    }
}
