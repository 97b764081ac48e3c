import Freshet
import Testing

@testable import FreshetLlama

struct TokenHistoryTests {
    @Test(arguments: [1, 2, 7, 100])
    func holdsTheLastTokens(_ capacity: Int) {
        var random = RandomSource(seed: 61)
        var history = TokenHistory(capacity: capacity)
        var all: [Token] = []
        for _ in 0..<300 {
            let token = Token(random.nextUnit() * 20)
            all.append(token)
            #expect(history.append(token) == (all.count > capacity ? all[all.count - 1 - capacity] : nil))
            let last = all.suffix(capacity)
            #expect(history.count == last.count)
            #expect((0..<history.count).map { history[$0] } == last.reversed())
        }
    }
}
