import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

struct DRYTests {
    /// With real texts as breakers, in and across tokens, and a history of real text.
    @Test func isLlamasWithBreakers() throws {
        var load = LlamaModel.LoadOptions()
        load.isVocabularyOnly = true
        let model = try LlamaModel(path: EmbeddedModel.path, options: load)
        let text =
            "Once upon a time, a cat sat. \"Hello,\" said the cat: a cat sat. Once upon a time,\nthe cat sat. a cat"
        let tokens = try model.vocabulary.tokenize(text, addingSpecial: false, parsingSpecial: false)
        let logits = [Float](repeating: 1, count: model.vocabulary.count)
        var penalized = 0
        for breakers in [
            [], SamplingOptions().drySequenceBreakers, [" cat sat", "time", ". ", "é", "", "upon a", "zz"],
        ] {
            for (allowed, last) in [(2, 64), (1, -1), (0, 20), (3, 5)] {
                var options = SamplingOptions()
                (options.stages, options.dryMultiplier, options.drySequenceBreakers) = ([.dry], 0.8, breakers)
                (options.dryAllowedLength, options.dryPenaltyLastN) = (allowed, last)
                let size = model.vocabulary.count
                let oracle = try SamplerOracle(options, vocabularySize: size, modelPath: model.path)
                let sampler = Sampler(options: options, vocabulary: model.vocabulary, contextLength: 4096)
                for (place, token) in tokens.enumerated() {
                    sampler.accept(token)
                    oracle.accept(token)
                    guard place % 7 == 6 || place > tokens.count - 8 else { continue }
                    let ours = sampler.distribution(logits)
                    let context = "\(breakers), \(allowed), \(last), after \(place)"
                    expectSame(ours, oracle.apply(logits).candidates, logits: logits, context)
                    if ours.first?.probability != ours.last?.probability { penalized += 1 }
                }
            }
        }
        #expect(penalized > 20)
    }

    @Test func penalisesWhatWouldGoOnWithARepeat() {
        var options = SamplingOptions()
        (options.stages, options.dryMultiplier, options.drySequenceBreakers) = ([.dry], 1, [])
        let sampler = Sampler(options, vocabularySize: 10)
        // "1 2 3 4" was seen, and "1 2 3" again: 4 would make the repeat 4 long.
        for token in [1, 2, 3, 4, 5, 1, 2, 3] as [Token] { sampler.accept(token) }
        let candidates = sampler.distribution([Float](repeating: 0, count: 10))
        #expect(candidates.last?.token == 4)
        #expect(candidates.filter { $0.probability == candidates[0].probability }.count == 9)
    }
}

struct SequenceBreakersTests {
    private let vocabulary = ["a", "ab", "b", "c", "xab", "abc", "bab"]

    @Test func findsHeadsInAndAcrossTokens() {
        // "c" is the rest of "abc" after "ab", and "bc" the rest after "a".
        let breakers = make(["abc"])
        #expect(breakers.isBreaker(5))
        #expect([0, 1, 2, 3, 4, 6].allSatisfy { !breakers.isBreaker($0) })
        #expect(distance(breakers, [0, 2, 3]) == 0)
        #expect(distance(breakers, [1, 3]) == 0)
        #expect(distance(breakers, [4, 3, 2]) == 1)
        #expect(distance(breakers, [6, 3]) == 0)
        #expect(distance(breakers, [1, 2]) == 2)
        #expect(distance(breakers, [5, 2, 2]) == 2)
        #expect(distance(breakers, []) == 0)
    }

    /// Thousands of tokens may end with the same bytes.
    @Test func eachRestIsTokenisedOnce() {
        var asked: [[UInt8]] = []
        let breakers = SequenceBreakers(
            ["xyz"], vocabularySize: 3000, tokenBytes: { Array("\($0)x\($0 % 3 == 0 ? "" : "y")".utf8) },
            tokenize: { bytes in
                asked.append(bytes)
                return [Token(bytes[0])]
            })
        #expect(asked == [Array("yz".utf8), Array("z".utf8)])
        #expect(
            distance(breakers, [7, 122]) == 0 && distance(breakers, [6, 121]) == 0 && distance(breakers, [7]) == 1)
    }

    @Test func emptyTextsBreakNothing() {
        #expect(distance(make(["", ""]), [0, 1]) == 2)
        #expect(distance(make([]), [0, 1]) == 2)
    }

    private func make(_ texts: [String]) -> SequenceBreakers {
        SequenceBreakers(
            texts, vocabularySize: vocabulary.count, tokenBytes: { Array(vocabulary[Int($0)].utf8) },
            tokenize: { bytes in
                bytes.compactMap { byte in vocabulary.firstIndex { Array($0.utf8) == [byte] }.map(Token.init) }
            })
    }

    private func distance(_ breakers: SequenceBreakers, _ tokens: [Token]) -> Int {
        var history = TokenHistory(capacity: 10)
        for token in tokens { _ = history.append(token) }
        return breakers.distance(in: history)
    }
}
