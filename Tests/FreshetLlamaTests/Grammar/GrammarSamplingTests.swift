import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// What a sampler chooses that follows a grammar, beside a plain one that is given masked logits where its choice is refused.
struct GrammarSamplingTests {
    private let vocabulary = WordVocabulary()

    private func sampler(_ options: SamplingOptions) -> Sampler {
        Sampler(
            options: options, vocabularySize: WordVocabulary.count, contextLength: 64,
            endOfGeneration: [WordVocabulary.end], suppressed: [3],
            breakers: { SequenceBreakers() })
    }

    /// Grammars that take nearly all tokens and few, and ways to choose that look at the likeliest first and that do not.
    @Test func theChoiceIsThatFromMaskedLogits() throws {
        var random = SeededGenerator(seed: 31)
        var (broad, narrow, ended) = (0, 0, 0)
        let grammars = [
            "root ::= [^a-d]* \"x\"", "root ::= ([^\"\\\\] | \"\\\\\" [nt\"])* \"\\\"\"", "root ::= [0-9]{1,9} [.]?",
            "root ::= ([^\\n]{1,5} \"\\n\"){1,3}", "root ::= (\"ab\" | \"abc\" | \"lo\")+ .*",
        ]
        let constraints = try grammars.flatMap { text in
            try [[], [Grammar.Trigger.text("l")]].map { triggers in
                try Constraint(Grammar(text: text, triggers: triggers), tokens: vocabulary.table)
            }
        }
        for number in 0..<300 {
            let options = options(number, &random)
            let (bound, plain) = (sampler(options), sampler(options))
            let grammar = Int.random(in: constraints.indices, using: &random)
            let matcher = GrammarMatcher(constraints[grammar])
            bound.follow(matcher)
            for _ in 0..<12 where !matcher.isComplete {
                let spread = random.pick([Float(0.5), 3, 20])
                var logits = (0..<WordVocabulary.count).map { _ in Float.random(in: -spread...spread, using: &random) }
                // Equal ones, too.
                if random.chance(0.3) { logits = logits.map { $0.rounded() } }
                let (isBroad, allowed) = (matcher.isBroad, matcher.allowedTokens())
                var expected = logits.withUnsafeBufferPointer(plain.sample)
                if let token = expected, !allowed.contains(token) {
                    if isBroad { broad += 1 } else { narrow += 1 }
                    let masked = logits.enumerated().map { allowed.contains(Token($0)) ? $1 : -.infinity }
                    expected = masked.withUnsafeBufferPointer(plain.sample)
                }
                let token = logits.withUnsafeBufferPointer(bound.sample)
                #expect(token == expected, "\(number): \(token as Any), \(expected as Any) of grammar \(grammar)")
                guard let token, token == expected, token != WordVocabulary.end else {
                    ended += 1
                    break
                }
                bound.accept(token)
                plain.accept(token)
            }
        }
        #expect(broad > 100 && narrow > 100 && ended > 10, "\(broad) \(narrow) \(ended)")
    }

    private func options(_ number: Int, _ random: inout SeededGenerator) -> SamplingOptions {
        var options = SamplingOptions()
        options.seed = UInt64(number)
        options.topK = random.pick([1, 5, 40, 100, 200, 0])
        options.topP = random.pick([1, 0.9, 0.3])
        options.minP = random.pick([0, 0.05])
        options.temperature = random.pick([0, 0.7, 2])
        if random.chance(0.3) { options.stages.shuffle(using: &random) }
        if random.chance(0.3) { (options.topNSigma, options.xtcProbability) = (random.pick([-1, 2]), 0.5) }
        if random.chance(0.3) { (options.repeatPenalty, options.presencePenalty) = (1.3, 0.5) }
        if random.chance(0.3) { options.dryMultiplier = 0.8 }
        if random.chance(0.3) {
            options.logitBias = [Token(UInt8(ascii: "a")): 4, Token(UInt8(ascii: "1")): -.infinity]
        }
        if random.chance(0.1) { options.dynamicTemperatureRange = 0.5 }
        return options
    }
}
