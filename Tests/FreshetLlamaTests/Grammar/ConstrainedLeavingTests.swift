import Freshet
import FreshetTestSupport
import Synchronization
import Testing

@testable import FreshetLlama

/// Answers that are held to a form and left under way.
struct ConstrainedLeavingTests {
    private let table = TokenTable(count: 257, endOfGeneration: [ToyBackend.endOfGeneration]) { token, bytes in
        if token < 256 { bytes.append(UInt8(token)) }
    }

    private static let tokens = "ABC".utf8.map { Token($0) }

    private func constraint() throws -> Constraint {
        try Constraint(Grammar(text: #"root ::= ([0-9] [0-9]? "-"){15} [.]"#), tokens: table) { _ in nil }
    }

    /// The answer that nobody leaves: 31 tokens at least.
    private func whole(_ request: GenerationRequest) async throws -> String {
        let undisturbed = try await InferenceEngine.toy(ToyBackend.Script(answerLength: 100))
        let constraint = try constraint()
        let whole = try await undisturbed.submit(request, tokens: Self.tokens, constraint: constraint).collect().text
        #expect(whole.wholeMatch(of: /([0-9][0-9]?-){15}\./) != nil, "\(whole)")
        return whole
    }

    /// An engine with a single slot.
    private func engine(_ script: ToyBackend.Script, seed: Int) async throws -> InferenceEngine {
        let clock = TickingClock(500...1500, seed: UInt64(seed))
        return try await InferenceEngine.toy(script) { configuration in
            (configuration.slotCount, configuration.streamCapacity) = (1, 1000)
            configuration.now = { clock.now }
        }
    }

    /// An answer that is left at any token, in the turn in which the set of allowed ones is found: the toy wants a letter
    /// where a digit has to come, so that there is one for each. Its slot is free again, and what it leaves in memory right.
    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func leavingAtEveryTokenDisturbsNobody(speculates: Bool) async throws {
        let constraint = try constraint()
        let request = GenerationRequest(prompt: .text("ABC"), sampling: .greedy, speculates: speculates)
        let whole = try await whole(request)
        for step in 1...32 {
            let leaving = Leaving(at: step)
            let script = ToyBackend.Script(
                answerLength: 100,
                logits: { _ in
                    leaving.count()
                    return nil
                })
            let engine = try await engine(script, seed: step)
            let left = try engine.submit(request, tokens: Self.tokens, constraint: constraint)
            leaving.stream = left
            // What came before the stream was known is made up for.
            leaving.count(0)
            let free = try await engine.ask("ABC", maxTokens: 9).collect().text
            #expect(free == script.answer(to: "ABC", maxTokens: 9), "left at \(step)")
            let again = try await engine.submit(request, tokens: Self.tokens, constraint: constraint).collect().text
            #expect(again == whole, "left at \(step)")
        }
    }

    /// The same, left by a task that is neither the reader's nor the engine's, while both are at work: the reader waits for
    /// chunks, and the engine is in the middle of the turn.
    @Test(.timeLimit(.minutes(5)), arguments: [false, true])
    func leavingFromAnotherTaskFreesTheSlotAtOnce(speculates: Bool) async throws {
        let constraint = try constraint()
        let request = GenerationRequest(prompt: .text("ABC"), sampling: .greedy, speculates: speculates)
        let whole = try await whole(request)
        for step in 1...31 {
            let gate = Gate()
            let asked = Atomic(0)
            let script = ToyBackend.Script(
                answerLength: 100,
                logits: { _ in
                    if asked.add(1, ordering: .relaxed).newValue == step { gate.pass() }
                    return nil
                })
            let engine = try await engine(script, seed: step)
            gate.arm()
            let left = try engine.submit(request, tokens: Self.tokens, constraint: constraint)
            let reading = Task { () throws(GenerationError) in try await left.collect() }
            await gate.reached()
            let computed = script.computed.load(ordering: .relaxed)
            left.cancel()
            gate.open()
            let error = await #expect(throws: GenerationError.self) { try await reading.value }
            #expect(error?.code == .cancelled && whole.hasPrefix(error?.partial?.text ?? ""), "left at \(step)")
            let free = try await engine.ask("ABC", maxTokens: 9).collect().text
            #expect(free == script.answer(to: "ABC", maxTokens: 9), "left at \(step)")
            // The prompt and eight tokens, and no further one of the answer that was left.
            #expect(script.computed.load(ordering: .relaxed) - computed <= 11, "left at \(step)")
            let again = try await engine.submit(request, tokens: Self.tokens, constraint: constraint).collect().text
            #expect(again == whole, "left at \(step)")
        }
    }
}
