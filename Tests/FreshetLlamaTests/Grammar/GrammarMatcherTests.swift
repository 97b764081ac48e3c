import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// A vocabulary of bytes and a few words, without a model.
struct WordVocabulary {
    static let words = ["ab", "abc", "{\"", "\":", "é", "<call>", "lo", "go<", "call>x", "\""]
    static let end = Token(256 + words.count)
    static let count = 257 + words.count

    let table = TokenTable(count: count, endOfGeneration: [end]) { token, bytes in
        bytes += WordVocabulary.bytes(of: token)
    }

    static func bytes(of token: Token) -> [UInt8] {
        if token < 256 { return [UInt8(token)] }
        return token == end ? Array("<end>".utf8) : Array(words[Int(token) - 256].utf8)
    }

    /// The token of a word.
    static func token(_ word: String) throws -> Token { Token(256 + (try #require(words.firstIndex(of: word)))) }

    func matcher(_ text: String, triggers: [Grammar.Trigger] = []) throws -> GrammarMatcher {
        let grammar = Grammar(text: text, triggers: triggers)
        let constraint = try Constraint(grammar, tokens: table) { name in name == "<|mark|>" ? 7 : nil }
        return GrammarMatcher(constraint)
    }
}

struct GrammarMatcherTests {
    private let vocabulary = WordVocabulary()

    @Test func theSetOfTokensIsThatOfTheTokensThatAreAllowed() throws {
        var random = SeededGenerator(seed: 5)
        for grammar in [
            "root ::= [a-c\"{é]{0,6} \"x\"?", "root ::= \".\" | ([ab]* \"é\")+", "root ::= ([a] [^a]){2,4}",
        ] {
            for _ in 0..<20 {
                let matcher = try vocabulary.matcher(grammar)
                while !matcher.isComplete {
                    let tokens = (0..<Token(WordVocabulary.count)).filter { matcher.allows($0) }
                    let set = matcher.allowedTokens()
                    #expect(tokens == (0..<Token(WordVocabulary.count)).filter { set.contains($0) })
                    #expect(set.contains(WordVocabulary.end) == matcher.canEnd)
                    guard let token = tokens.filter({ $0 != WordVocabulary.end }).randomElement(using: &random),
                        !matcher.canEnd || random.chance(0.8)
                    else { break }
                    matcher.accept(token)
                }
            }
        }
    }

    @Test func aCharacterMayBeCutAcrossTokens() throws {
        let matcher = try vocabulary.matcher("root ::= [à-ë]")
        #expect(matcher.allows(0xC3) && !matcher.allows(0xC2) && !matcher.canEnd)
        matcher.accept(0xC3)
        #expect(!matcher.canEnd && matcher.allows(0xA9) && !matcher.allows(0xBF))
        matcher.accept(0xA9)
        #expect(matcher.isComplete && !matcher.allows(0x61) && matcher.allows(WordVocabulary.end))
    }

    @Test func aRefusedTokenLeadsNowhere() throws {
        let matcher = try vocabulary.matcher("root ::= \"ab\"")
        matcher.accept(Token(UInt8(ascii: "x")))
        #expect(!matcher.canEnd && !matcher.isComplete && !matcher.allows(WordVocabulary.end))
        #expect((0..<256).allSatisfy { !matcher.allows($0) })
    }

    @Test func tokensAreTakenByTheirNumbersAndNames() throws {
        let matcher = try vocabulary.matcher("root ::= <[300]> | <|mark|> !<[97]> \"b\" | \"a\"")
        #expect(matcher.allows(7) && matcher.allows(97) && !matcher.allows(98))
        #expect(matcher.allowedTokens().contains(7))
        matcher.accept(7)
        #expect(!matcher.allows(97) && matcher.allows(98) && matcher.allows(0xC3))
        #expect(!matcher.allows(WordVocabulary.end) && !matcher.allowedTokens().contains(WordVocabulary.end))
        matcher.accept(try WordVocabulary.token("ab"))
        #expect(matcher.allows(98) && !matcher.allows(97))
    }

    @Test func aGrammarThatSleepsTakesEverythingUntilItsTrigger() throws {
        let word = try WordVocabulary.token("<call>")
        let matcher = try vocabulary.matcher("root ::= \"<call>\" [xy]+ \"</call>\"", triggers: [.text("<call>")])
        for token in Array("<cal".utf8) + Array("l me".utf8) { matcher.accept(Token(token)) }
        #expect(matcher.canEnd && !matcher.isComplete)
        // A token in which the trigger ends and the grammar is broken at once is refused; one that goes on rightly is not.
        matcher.accept(try WordVocabulary.token("go<"))
        #expect(matcher.allows(try WordVocabulary.token("call>x")))
        #expect(matcher.allowedTokens().contains(word) && matcher.allowedTokens().contains(WordVocabulary.end))
        matcher.accept(try WordVocabulary.token("call>x"))
        #expect(!matcher.canEnd && matcher.allows(Token(UInt8(ascii: "y"))) && !matcher.allows(97))
        for byte in "</call>".utf8 { matcher.accept(Token(byte)) }
        #expect(matcher.isComplete)
    }

    @Test func aTriggerThatTheGrammarCannotGoOnFromIsRefused() throws {
        let matcher = try vocabulary.matcher("root ::= \"<call>\" [y]", triggers: [.text("<call>"), .token(65)])
        matcher.accept(try WordVocabulary.token("go<"))
        #expect(!matcher.allows(try WordVocabulary.token("call>x")) && !matcher.allows(65))
        #expect(!matcher.allowedTokens().contains(65) && matcher.allows(66))
    }

    @Test func aTokenWakesAGrammar() throws {
        let matcher = try vocabulary.matcher("root ::= \"A\" \"b\"", triggers: [.token(65)])
        matcher.accept(66)
        #expect(matcher.allows(67))
        matcher.accept(65)
        #expect(matcher.allows(98) && !matcher.allows(67) && !matcher.canEnd)
    }

    @Test func theSamplerFollowsTheGrammarWithTheDistributionThatItsCommentTells() throws {
        // a: 1/2, b: 1/4, c: 1/8, d: 1/8, of which the grammar takes b and d.
        var logits = [Float](repeating: -.infinity, count: WordVocabulary.count)
        for (byte, share) in zip("abcd".utf8, [Float(4), 2, 1, 1]) { logits[Int(byte)] = share }
        for place in logits.indices where logits[place] > -.infinity {
            logits[place] = Float(log2(Double(logits[place]))) * 0.6931472
        }
        for (stages, expected) in [
            // Stages that only reshape: b and d in the proportion that they have.
            ([SamplingOptions.Stage.temperature], 2.0 / 3),
            // The two best are a and b without the grammar (1/3 of which is b), and b and d with it: 1/3 + 2/3 · 2/3.
            ([.topK, .temperature], 1.0 / 3 + 2.0 / 3 * 2.0 / 3),
        ] {
            var options = SamplingOptions()
            (options.seed, options.stages, options.topK, options.temperature) = (9, stages, 2, 1)
            let sampler = Sampler(
                options: options, vocabularySize: WordVocabulary.count, contextLength: 64,
                endOfGeneration: [WordVocabulary.end])
            let constraint = try Constraint(Grammar(text: "root ::= [bd]"), tokens: vocabulary.table)
            var counts: [Token: Int] = [:]
            let draws = 20_000
            sampler.follow(GrammarMatcher(constraint))
            for _ in 0..<draws {
                let token = try #require(logits.withUnsafeBufferPointer(sampler.sample))
                counts[token, default: 0] += 1
            }
            #expect(Set(counts.keys) == [98, 100])
            #expect(abs(Double(counts[98, default: 0]) / Double(draws) - expected) < 0.02, "\(counts)")
        }
    }

    @Test func setsTellWhatIsInThemAndWhatIsNot() {
        for capacity in [1, 63, 64, 65, 128, 200] {
            var (set, tokens) = (TokenSet(capacity: capacity), Set<Token>())
            for token in stride(from: Token(0), to: 300, by: 7) {
                set.insert(token)
                if Int(token) < capacity { tokens.insert(token) }
            }
            set.remove(0)
            tokens.remove(0)
            var (inside, outside) = ([Token](), [Token]())
            set.forEach { inside.append($0) }
            set.forEachOther { outside.append($0) }
            #expect(inside == tokens.sorted() && set.count == tokens.count)
            #expect(outside == (0..<Token(capacity)).filter { !tokens.contains($0) })
        }
    }

    @Test func theBestOfWhatIsTakenIsChosenWhetherThatIsLittleOrMuch() throws {
        var logits = [Float](repeating: 0, count: WordVocabulary.count)
        for (rank, byte) in "xyz".utf8.enumerated() { logits[Int(byte)] = Float(9 - rank) }
        for (grammar, expected) in [
            ("root ::= [^x]", "y"), ("root ::= [^xy]", "z"), ("root ::= [az]", "z"), ("root ::= .", "x"),
        ] {
            let sampler = Sampler(
                options: .greedy, vocabularySize: WordVocabulary.count, contextLength: 64,
                endOfGeneration: [WordVocabulary.end])
            sampler.follow(try vocabulary.matcher(grammar))
            let token = logits.withUnsafeBufferPointer(sampler.sample)
            #expect(token == expected.utf8.first.map { Token($0) })
        }
    }

    @Test func aSamplerWhoseGrammarTakesNothingSaysSo() throws {
        var options = SamplingOptions()
        options.logitBias = [98: -.infinity]
        let sampler = Sampler(
            options: options, vocabularySize: WordVocabulary.count, contextLength: 64,
            endOfGeneration: [WordVocabulary.end])
        sampler.follow(try vocabulary.matcher("root ::= \"b\""))
        let logits = [Float](repeating: 0, count: WordVocabulary.count)
        #expect(logits.withUnsafeBufferPointer(sampler.sample) == nil)
        #expect(sampler.refusal.parameter == "grammar" && sampler.refusal.message.contains("logit bias"))
    }
}
