import Freshet
import Testing

@testable import FreshetLlama

struct TokenCountsTests {
    @Test(arguments: [1, 2, 7, 100])
    func countsWhatIsPresent(_ capacity: Int) {
        var random = RandomSource(seed: 61)
        var counts = TokenCounts(vocabularySize: 20, distinct: capacity + 1)
        var present: [Token] = []
        for _ in 0..<300 {
            let token = Token(random.nextUnit() * 20)
            present.append(token)
            counts.insert(token)
            if present.count > capacity { counts.remove(present.removeFirst()) }
            #expect(Set(counts.tokens) == Set(present) && counts.tokens.count == Set(present).count)
            #expect(counts.tokens.allSatisfy { token in Int(counts[token]) == present.filter { $0 == token }.count })
        }
    }
}
