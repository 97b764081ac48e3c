import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Answers that are held to a form and left under way.
struct ConstrainedLeavingTests {
    private let table = TokenTable(count: 257, endOfGeneration: [ToyBackend.endOfGeneration]) { token, bytes in
        if token < 256 { bytes.append(UInt8(token)) }
    }

    /// An answer that is left at any token, in the turn in which the set of allowed ones is found: the toy wants a letter
    /// where a digit has to come, so that there is one for each. Its slot is free again, and what it leaves in memory right.
    @Test(arguments: [false, true]) func leavingAtEveryTokenDisturbsNobody(speculates: Bool) async throws {
        let constraint = try Constraint(Grammar(text: #"root ::= ([0-9] [0-9]? "-"){15} [.]"#), tokens: table) { _ in
            nil
        }
        let request = GenerationRequest(prompt: .text("ABC"), sampling: .greedy, speculates: speculates)
        let tokens = "ABC".utf8.map { Token($0) }
        let undisturbed = try await InferenceEngine.toy(ToyBackend.Script(answerLength: 100))
        let whole = try await undisturbed.submit(request, tokens: tokens, constraint: constraint).collect().text
        #expect(whole.wholeMatch(of: /([0-9][0-9]?-){15}\./) != nil, "\(whole)")
        for step in 1...32 {
            let leaving = Leaving(at: step)
            let script = ToyBackend.Script(
                answerLength: 100,
                logits: { _ in
                    leaving.count()
                    return nil
                })
            let clock = TickingClock(500...1500, seed: UInt64(step))
            let engine = try await InferenceEngine.toy(script) { configuration in
                (configuration.slotCount, configuration.streamCapacity) = (1, 1000)
                configuration.now = { clock.now }
            }
            let left = try engine.submit(request, tokens: tokens, constraint: constraint)
            leaving.stream = left
            // What came before the stream was known is made up for.
            leaving.count(0)
            let free = try await engine.ask("ABC", maxTokens: 9).collect().text
            #expect(free == script.answer(to: "ABC", maxTokens: 9), "left at \(step)")
            let again = try await engine.submit(request, tokens: tokens, constraint: constraint).collect().text
            #expect(again == whole, "left at \(step)")
        }
    }
}
