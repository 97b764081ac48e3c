import Testing

@testable import FreshetLlama

struct SequenceBreakerCacheTests {
    @Test func makesEachListOnceUntilItIsForgotten() {
        let cache = SequenceBreakerCache()
        var made: [String] = []
        func ask(_ text: String) {
            _ = cache.breakers(of: [text]) {
                made.append(text)
                return SequenceBreakers()
            }
        }
        for text in ["a", "b", "c", "d", "a", "a"] { ask(text) }
        #expect(made == ["a", "b", "c", "d"])
        // The fifth list takes the place of the one that was asked for longest ago.
        for text in ["e", "a", "c", "d", "b"] { ask(text) }
        #expect(made == ["a", "b", "c", "d", "e", "b"])
    }

    @Test func givesTheBreakersOfTheList() {
        let cache = SequenceBreakerCache()
        for text in ["a", "b", "a"] {
            let breakers = cache.breakers(of: [text]) {
                SequenceBreakers([text], vocabularySize: 256, tokenBytes: { [UInt8($0)] }, tokenize: { _ in [] })
            }
            #expect(breakers.isBreaker(97) == (text == "a") && breakers.isBreaker(98) == (text == "b"))
        }
    }
}
