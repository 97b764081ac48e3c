import Freshet
import FreshetLlamaTestSupport
import FreshetTestSupport
import Synchronization
import Testing

@testable import FreshetLlama

/// One of three answers that are held to a form and speculate together is left, by a task that is neither its reader's nor
/// the engine's, while the engine is in the middle of its work.
struct ConstrainedCrowdTests {
    /// What the engine is doing.
    enum Moment: CaseIterable {
        /// It computes a prompt.
        case prompt
        /// A model guesses, or reads for it.
        case guess
        /// It asks for the logits of a token, with which a guess was checked before, and after which the tokens that the
        /// form allows are found where the likeliest is refused.
        case check
    }

    /// A toy that says when its logits are asked for.
    private final class WatchedBackend: BackendWrapper {
        let base: any Backend
        private let onLogits: () -> Void

        init(_ script: ToyBackend.Script, onLogits: @escaping () -> Void) {
            (base, self.onLogits) = (ToyBackend(script), onLogits)
        }

        func decode(_ batch: Batch, shouldInterrupt: () -> Bool) throws(GenerationError) -> DecodeOutcome {
            try base.decode(batch, shouldInterrupt: shouldInterrupt)
        }

        func logits(at index: Int) -> UnsafeBufferPointer<Float>? {
            onLogits()
            return base.logits(at: index)
        }

        func append(bytesOf token: Token, showingControl: Bool, to bytes: inout [UInt8]) {
            base.append(bytesOf: token, showingControl: showingControl, to: &bytes)
        }
    }

    /// Counts what the engine does at a moment, and has it wait at one of those.
    private final class Watch: @unchecked Sendable {
        // Sendable: the variables are read and written under `monitor` only.
        private let monitor = Monitor()
        private var (step, seen) = (0, 0)
        private let moment: Moment
        let gate = Gate()

        init(_ moment: Moment) { self.moment = moment }

        /// Counts anew, up to `step`.
        func arm(at step: Int) {
            gate.arm()
            monitor.withLock { (self.step, seen) = (step, 0) }
        }

        func see(_ moment: Moment) {
            guard moment == self.moment else { return }
            let isIt = monitor.withLock {
                seen += 1
                return seen == step
            }
            if isIt { gate.pass() }
        }
    }

    /// Prompts that have no beginning in common.
    private static let prompts = ["A", "B", "C"].map { String(repeating: $0, count: 12) }

    private static func isPrompt(_ token: Token) -> Bool { 65...90 ~= token }

    private func constraint() throws -> Constraint {
        let table = TokenTable(count: 257, endOfGeneration: [ToyBackend.endOfGeneration]) { token, bytes in
            if token < 256 { bytes.append(UInt8(token)) }
        }
        return try Constraint(Grammar(text: #"root ::= ([0-9] [0-9]? "-"){15} [.]"#), tokens: table)
    }

    private func ask(
        _ engine: InferenceEngine, _ prompt: String, _ constraint: Constraint, reusesPrefix: Bool = true
    ) throws(GenerationError) -> ChunkStream {
        let request = GenerationRequest(
            prompt: .text(prompt), sampling: .greedy, reusesPrefix: reusesPrefix, speculates: true)
        return try engine.submit(request, tokens: prompt.utf8.map { Token($0) }, constraint: constraint)
    }

    /// An engine of three slots, and a model that guesses its answers right but for each fifth token.
    private func engine(_ wholes: [String], _ watch: Watch) async throws -> InferenceEngine {
        let clock = TickingClock(500...1500, seed: 1)
        let answers = Dictionary(uniqueKeysWithValues: zip(Self.prompts.map { Token($0.utf8.first ?? 0) }, wholes))
        let script = ToyBackend.Script(
            answerLength: 100, slotCount: 3,
            onToken: { token throws(GenerationError) in if Self.isPrompt(token) { watch.see(.prompt) } },
            onDecode: clock.work)
        let draft = ToyBackend.Script(
            slotCount: 3, onToken: { _ throws(GenerationError) in watch.see(.guess) },
            logits: { tokens in
                let place = tokens.drop(while: Self.isPrompt).count
                let answer = Array(tokens.first.flatMap { answers[$0] }?.utf8 ?? "".utf8)
                var row = [Float](repeating: 0, count: 257)
                row[place % 5 == 4 || place >= answer.count ? 97 : Int(answer[place])] = 10
                return row
            })
        var configuration = InferenceEngine.Configuration(model: "toy")
        (configuration.slotCount, configuration.streamCapacity) = (3, 1000)
        (configuration.gapTarget, configuration.now) = (.seconds(1), { clock.now })
        configuration.onTurn = { loop in
            if let sentence = loop.brokenInvariant { Issue.record("\(sentence)") }
        }
        configuration.draftVocabularySize = 257
        configuration.makeDraftBackend = { _ throws(GenerationError) in ToyBackend(draft) }
        return try await InferenceEngine.start(configuration) { () throws(GenerationError) in
            WatchedBackend(script) { watch.see(.check) }
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: Moment.allCases)
    func leavingOneOfSeveralDisturbsNobody(moment: Moment) async throws {
        let constraint = try constraint()
        let undisturbed = try await InferenceEngine.toy(ToyBackend.Script(answerLength: 100))
        var wholes: [String] = []
        for prompt in Self.prompts {
            wholes.append(try await ask(undisturbed, prompt, constraint).collect().text)
            #expect(wholes.last?.wholeMatch(of: /([0-9][0-9]?-){15}\./) != nil, "\(wholes)")
        }
        let watch = Watch(moment)
        let engine = try await engine(wholes, watch)
        var (accepted, partial) = (0, 0)
        // An answer takes 31 tokens at least: whichever is left has not ended by then.
        for step in 1...30 {
            watch.arm(at: step)
            let streams = try Self.prompts.map {
                // What is in memory already is not computed.
                try ask(engine, $0, constraint, reusesPrefix: moment != .prompt)
            }
            let readings = streams.map { stream in Task { () throws(GenerationError) in try await stream.collect() } }
            await watch.gate.reached()
            let left = step % 3
            streams[left].cancel()
            watch.gate.open()
            let error = await #expect(throws: GenerationError.self) { try await readings[left].value }
            let text = error?.partial?.text ?? ""
            #expect(error?.code == .cancelled && wholes[left].hasPrefix(text), "left at \(step): \(text)")
            partial += text.utf8.count
            for place in wholes.indices where place != left {
                let reply = try await readings[place].value
                #expect(reply.text == wholes[place], "left at \(step)")
                accepted += reply.timings?.acceptedTokens ?? 0
            }
            let again = try await ask(engine, Self.prompts[left], constraint).collect().text
            #expect(again == wholes[left], "left at \(step)")
        }
        await engine.shutDown()
        // Guesses were right and wrong all the while, and something had come of what was left later.
        #expect(accepted > 200 && (partial > 0 || moment == .prompt), "\(accepted) accepted, \(partial) left")
    }
}
