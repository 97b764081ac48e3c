import CSamplerOracle
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

struct GrammarOracleTests {
    @Test func randomWaysThroughRandomGrammarsAllowTheTokensThatLlamaAllows() throws {
        var options = LlamaModel.LoadOptions()
        options.isVocabularyOnly = true
        let vocabulary = try LlamaModel(path: EmbeddedModel.path, options: options).vocabulary
        var random = SeededGenerator(seed: 6)
        let bytes = (0..<Token(vocabulary.count)).map { vocabulary.bytes(of: $0, showingControl: true) }
        var (endings, compared) = (0, 0)
        for _ in 0..<60 {
            let grammar = Self.randomGrammar(&random)
            let oracle = try GrammarOracle(grammar, vocabularySize: vocabulary.count)
            let matcher = GrammarMatcher(try vocabulary.constraint(Grammar(text: grammar, seesControlTokens: true)))
            for _ in 0..<12 {
                let theirs = oracle.allowed()
                let ours = matcher.allowedTokens()
                var both: [Token] = []
                for token in 0..<Token(vocabulary.count) {
                    let isAllowed = ours.contains(token)
                    #expect(isAllowed == matcher.allows(token))
                    // llama.cpp does not look whether bytes beyond ASCII are UTF-8.
                    let isText = bytes[Int(token)].allSatisfy { $0 < 0x80 } || vocabulary.isEndOfGeneration(token)
                    if isText ? isAllowed != theirs.contains(token) : isAllowed && !theirs.contains(token) {
                        Issue.record("token \(token) \(bytes[Int(token)]) of\n\(grammar)")
                        return
                    }
                    if isAllowed { both.append(token) }
                }
                compared += 1
                let texts = both.filter { !vocabulary.isEndOfGeneration($0) }
                if texts.count < both.count { endings += 1 }
                guard let token = texts.randomElement(using: &random) else { break }
                oracle.accept(token)
                matcher.accept(token)
            }
        }
        #expect(compared > 200 && endings > 20, "\(compared) \(endings)")
    }

    /// A few small rules. A rule begins with a later one only, so that llama.cpp's matcher ends.
    private static func randomGrammar(_ random: inout SeededGenerator) -> String {
        let names = ["root", "r1", "r2", "r3"]
        func literal() -> String {
            random.pick(["\"a\"", "\"the\"", "\" \"", "\"é\"", "[a-d]", "[^a-y]", "[a-zA-Z ]", ".", "\"ab\"", "[0-9]"])
        }
        func turns() -> String {
            random.pick(["", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}"])
        }
        func item(_ rule: Int, isFirst: Bool, depth: Int) -> String {
            switch Int.random(in: 0..<6, using: &random) {
            case 0 where rule < 3: return names[Int.random(in: rule + 1..<4, using: &random)]
            case 1 where !isFirst: return names[Int.random(in: 0..<4, using: &random)]
            case 2 where depth < 2:
                return "(" + sequence(rule, depth: depth + 1) + " | " + sequence(rule, depth: depth + 1) + ")" + turns()
            default: return literal() + turns()
            }
        }
        func sequence(_ rule: Int, depth: Int) -> String {
            // The first one takes a byte, so that what follows may be any rule.
            ([literal()] + (0..<Int.random(in: 0...2, using: &random)).map { item(rule, isFirst: $0 < 0, depth: depth) })
                .joined(separator: " ")
        }
        return names.indices.map { rule in
            let lines = (0..<Int.random(in: 1...2, using: &random)).map { _ in
                [item(rule, isFirst: true, depth: 1), sequence(rule, depth: 0)].joined(separator: " ")
            }
            return "\(names[rule]) ::= " + lines.joined(separator: " | ")
        }.joined(separator: "\n")
    }
}

/// llama.cpp's own matcher, over the embedded model's vocabulary.
final class GrammarOracle {
    private let handle: OpaquePointer
    private let logits: [Float]

    init(_ grammar: String, vocabularySize: Int) throws {
        handle = try #require(freshet_oracle_new(Int32(vocabularySize), EmbeddedModel.path))
        logits = [Float](repeating: 0, count: vocabularySize)
        try #require(freshet_oracle_add_grammar(handle, grammar))
    }

    deinit { freshet_oracle_free(handle) }

    /// Takes a token that is allowed.
    func accept(_ token: Token) { freshet_oracle_accept(handle, token) }

    /// The tokens that may come next.
    func allowed() -> Set<Token> {
        var candidates = [freshet_oracle_candidate](repeating: .init(), count: logits.count)
        var count = 0
        _ = freshet_oracle_apply(handle, logits, &candidates, &count)
        return Set(candidates[..<count].filter { $0.logit > -.infinity }.map(\.token))
    }
}
