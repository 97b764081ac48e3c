import Freshet
import FreshetTestSupport
import Synchronization
import Testing

@testable import FreshetLlama

/// Several streams over one backend: what they share, and that nobody waits for another without need.
struct ManyStreamsTests {
    /// In which order tokens were computed.
    private final class Order: @unchecked Sendable {
        // Sendable: the variable is read and written under `monitor` only.
        private let monitor = Monitor()
        private var seen: [Token] = []

        var tokens: [Token] { monitor.withLock { seen } }

        func append(_ token: Token) { monitor.withLock { seen.append(token) } }
    }

    // MARK: - Choices

    @Test(arguments: [1, 2, 8])
    func choicesShareThePrompt(slotCount: Int) async throws {
        let script = ToyBackend.Script()
        let prompt = String(repeating: "ABCDE", count: 8)
        let engine = try await InferenceEngine.toy(script) { $0.slotCount = slotCount }
        var grammar = ChunkGrammar()
        var reply = Reply()
        for try await chunk in try engine.ask(prompt, progress: true, { $0.choiceCount = 5 }) {
            try grammar.accept(chunk)
            reply.append(chunk)
        }
        try grammar.acceptEnd()
        #expect(reply.choices.map(\.index) == [0, 1, 2, 3, 4])
        #expect(reply.choices.allSatisfy { $0.text == script.answer(to: prompt) && $0.finish?.reason == .stop })
        #expect(reply.usage == Usage(promptTokens: 40, completionTokens: 5 * 21))
        // The prompt once, its last token for each further choice, and 20 tokens of each answer.
        #expect(script.computed.load(ordering: .relaxed) == 40 + 4 + 5 * 20)
    }

    @Test func choicesThatMayNotShareComputeTheWholePrompt() async throws {
        let script = ToyBackend.Script()
        let engine = try await InferenceEngine.toy(script) { $0.slotCount = 2 }
        let reply = try await engine.ask("ABCDEFGHIJ") { ($0.choiceCount, $0.reusesPrefix) = (2, false) }.collect()
        #expect(reply.choices.map(\.text) == Array(repeating: script.answer(to: "ABCDEFGHIJ"), count: 2))
        #expect(script.computed.load(ordering: .relaxed) == 2 * (10 + 20))
    }

    @Test func leavingEndsEveryChoice() async throws {
        let script = ToyBackend.Script(answerLength: 100)
        let engine = try await InferenceEngine.toy(script) { ($0.slotCount, $0.streamCapacity) = (2, 2) }
        let stream = try engine.ask("LEAVE") { $0.choiceCount = 6 }
        for try await chunk in stream where chunk.text != nil { break }
        #expect(try await engine.ask("STAY", maxTokens: 5).collect().text == script.answer(to: "STAY", maxTokens: 5))
    }

    @Test func aFailureKeepsWhatEveryChoiceHeldBack() async throws {
        let script = ToyBackend.Script(bytes: Array("held xy and more".utf8)) { token throws(GenerationError) in
            if token == 121 { throw GenerationError(.engineFailed, "The toy is broken.") }
        }
        let engine = try await InferenceEngine.toy(script) { $0.slotCount = 2 }
        let error = await #expect(throws: GenerationError.self) {
            try await engine.ask("FAIL", stop: ["xyz"], { $0.choiceCount = 2 }).collect()
        }
        #expect(error?.partial?.choices.map(\.text) == ["held xy", "held xy"])
    }

    // MARK: - Prefixes

    @Test func aPrefixIsReusedWhicheverSlotItRanIn() async throws {
        let script = ToyBackend.Script()
        let engine = try await InferenceEngine.toy(script) { $0.slotCount = 3 }
        let prompts = ["AAAABBBB", "CCCCDDDD", "EEEEFFFF"]
        for prompt in prompts { _ = try await engine.ask(prompt).collect() }
        for prompt in prompts {
            let reply = try await engine.ask(prompt + "X").collect()
            #expect(reply.usage?.cachedTokens == 8)
            #expect(reply.text == script.answer(to: prompt + "X"))
        }
    }

    /// A stream that is held at the first token of its prompt, and the engine that waits there.
    private struct HeldLeader {
        let prompt = "Z" + String(repeating: "SHARED", count: 6)
        let gate = Gate()
        let script: ToyBackend.Script
        let engine: InferenceEngine
        let stream: ChunkStream

        /// - Parameter ending: what the leader's prompt has beyond ``prompt``.
        init(
            slotCount: Int = 2, ending: String = "", ask: (inout GenerationRequest) -> Void = { _ in },
            onToken: @escaping @Sendable (Token) -> Void = { _ in }
        ) async throws {
            script = ToyBackend.Script { [gate] token throws(GenerationError) in
                if token == 90 { gate.pass() }
                onToken(token)
            }
            engine = try await InferenceEngine.toy(script) { $0.slotCount = slotCount }
            gate.arm()
            stream = try engine.ask(prompt + ending, ask)
            await gate.reached()
        }
    }

    @Test func aPromptWaitsForOneThatIsComputingTheSame() async throws {
        let leader = try await HeldLeader(ending: "ONE")
        let (prompt, script) = (leader.prompt, leader.script)
        let follower = try leader.engine.ask(prompt + "TWO")
        leader.gate.open()
        #expect(try await leader.stream.collect().text == script.answer(to: prompt + "ONE"))
        let reply = try await follower.collect()
        #expect(reply.text == script.answer(to: prompt + "TWO"))
        // "ONE" and "TWO" begin with different letters.
        #expect(reply.usage?.cachedTokens == prompt.utf8.count)
    }

    @Test func aPromptDoesNotWaitForOneWhoseReaderLeaves() async throws {
        let leader = try await HeldLeader()
        let follower = try leader.engine.ask(leader.prompt)
        leader.stream.cancel()
        leader.gate.open()
        #expect(try await follower.collect().text == leader.script.answer(to: leader.prompt))
    }

    @Test func aPromptDoesNotWaitForOneWhoseReaderDoesNotRead() async throws {
        let script = ToyBackend.Script(batchCapacity: 4)
        let engine = try await InferenceEngine.toy(script) { ($0.slotCount, $0.streamCapacity) = (2, 2) }
        let prompt = String(repeating: "SHARED", count: 10)
        // Its progress fills the stream long before the prompt is computed.
        let stuck = try engine.ask(prompt, progress: true)
        #expect(try await engine.ask(prompt).collect().text == script.answer(to: prompt))
        #expect(try await stuck.collect().text == script.answer(to: prompt))
    }

    /// One whose leader has left begins, and its first chunks fill its stream, in the turn in which a third one takes
    /// the leader's slot.
    @Test(.timeLimit(.minutes(10)))
    func aPromptDoesNotWaitForOneThatBeginsWithoutRoom() async throws {
        let gate = Gate()
        let leaving = Leaving(at: 26)
        let script = ToyBackend.Script(batchCapacity: 4) { token throws(GenerationError) in
            if token == 90 { gate.pass() }
            leaving.count()
        }
        let engine = try await InferenceEngine.toy(script) { ($0.slotCount, $0.streamCapacity) = (2, 2) }
        let beginning = "Z" + String(repeating: "SHARED", count: 4)
        let prompt = beginning + "X" + String(repeating: "SHARED", count: 6)
        gate.arm()
        leaving.stream = try engine.ask(beginning + "LEAVES")
        await gate.reached()
        let unread = try engine.ask(prompt + "UNREAD", progress: true)
        let third = try engine.ask(prompt + "READ")
        gate.open()
        #expect(try await third.collect().text == script.answer(to: prompt + "READ"))
        unread.cancel()
    }

    // MARK: - Who waits

    @Test func aClientWithManyRequestsDoesNotKeepAnotherWaiting() async throws {
        let order = Order()
        let leader = try await HeldLeader(slotCount: 1) {
            $0.client = "many"
        } onToken: {
            if (74...81).contains($0) { order.append($0) }
        }
        let many = try "JKLMNO".map { letter throws(GenerationError) in
            try leader.engine.ask(String(letter)) { $0.client = "many" }
        }
        let single = try leader.engine.ask("Q") { $0.client = "single" }
        leader.gate.open()
        for stream in [leader.stream] + many + [single] { _ = try await stream.collect() }
        #expect(order.tokens.count == 7)
        #expect(order.tokens.prefix(2).contains(81), "Q came after others: \(order.tokens)")
    }

    /// Two light prompts, and a heavy one that waits for the second of them: the second gets its part of the batches by
    /// the weight of the one that waits.
    @Test func aLeaderCountsWithTheWeightOfWhoWaits() async throws {
        let order = Order()
        let gate = Gate()
        let script = ToyBackend.Script(batchCapacity: 4, slotCount: 3) { token throws(GenerationError) in
            if token == 90 { gate.pass() }
            if (65...66).contains(token) { order.append(token) }
        }
        let engine = try await InferenceEngine.toy(script) { $0.slotCount = 3 }
        gate.arm()
        let rival = try engine.ask("Z" + String(repeating: "A", count: 100), maxTokens: 1) { $0.client = "rival" }
        await gate.reached()
        // Of two that come at the same time, the client whose name is first has the first slot.
        let leader = try engine.ask(String(repeating: "B", count: 60), maxTokens: 1) { $0.client = "1" }
        let heavy = try engine.ask(String(repeating: "B", count: 60), maxTokens: 1) {
            ($0.client, $0.weight) = ("2", 20)
        }
        gate.open()
        for stream in [rival, leader, heavy] { _ = try await stream.collect() }
        // Of equal weight they would take turns, and as many A would come between the B.
        let end = try #require(order.tokens.lastIndex(of: 66))
        #expect(order.tokens[...end].count { $0 == 65 } < 30, "\(order.tokens)")
    }

    @Test func whatWaitsTooLongForAChunkFails() async throws {
        let clock = ManualClock()
        let gate = Gate()
        let script = ToyBackend.Script(answerLength: 100) { token throws(GenerationError) in
            if token == 90 { gate.pass() }
        }
        let engine = try await InferenceEngine.toy(script) { configuration in
            (configuration.slotCount, configuration.streamCapacity) = (2, 4)
            configuration.now = { clock.now }
        }
        let unread = try engine.ask("UNREAD") { $0.idleTimeout = .seconds(5) }
        gate.arm()
        let reader = try engine.ask("Z", maxTokens: 3) { $0.idleTimeout = .seconds(5) }
        await gate.reached()
        clock.advance(by: .seconds(4))
        gate.open()
        #expect(try await reader.collect().usage?.completionTokens == 3)
        gate.arm()
        let next = try engine.ask("Z", maxTokens: 3)
        await gate.reached()
        clock.advance(by: .seconds(6))
        gate.open()
        _ = try await next.collect()
        let error = await #expect(throws: GenerationError.self) { try await unread.collect() }
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.message.contains("idle") == true)
        #expect(error?.partial?.text.isEmpty == false)
    }

    // MARK: - Context edges

    @Test(arguments: [true, false], ["A", String(repeating: "AB", count: 50)])
    func aShiftedContextGoesOn(canShift: Bool, prompt: String) async throws {
        let script = ToyBackend.Script(answerLength: .max, canShift: canShift)
        let engine = try await InferenceEngine.toy(script) { $0.slotCount = 2 }
        // A finished sequence shares the cells that the shift moves.
        _ = try await engine.ask(prompt, maxTokens: 1).collect()
        let reply = try await engine.ask(prompt, maxTokens: 300) { $0.shiftsContext = true }.collect()
        #expect(reply.finish?.reason == .length && reply.usage?.completionTokens == 300)
        // The same by hand: at 129 tokens, a quarter of the context at most is kept, and half of the rest goes.
        var tokens = prompt.utf8.map { Token($0) }
        var text = ""
        for _ in 0..<300 {
            if tokens.count > 128 {
                let kept = min(prompt.utf8.count, 32)
                tokens.removeSubrange(kept..<kept + (128 - kept) / 2)
            }
            tokens.append(script.next(after: tokens, promptCount: 0))
            text.append(Character(UnicodeScalar(UInt8(tokens[tokens.count - 1]))))
        }
        #expect(reply.text == text)
        // What was computed over forgotten tokens is nobody's prefix.
        let again = try await engine.ask(prompt, maxTokens: 20).collect()
        #expect(again.text == script.answer(to: prompt, maxTokens: 20))
    }

    // MARK: - Leaving

    /// A reader that leaves at any moment of the computation, alone or beside another.
    @Test(arguments: [true, false], [true, false])
    func leavingAtEveryStepDisturbsNobody(isAlone: Bool, isTrimmable: Bool) async throws {
        let script = { (leaving: Leaving) in
            ToyBackend.Script(answerLength: 6, batchCapacity: 5, isTrimmable: isTrimmable) { _ in leaving.count() }
        }
        for step in 1...40 {
            let leaving = Leaving(at: step)
            let script = script(leaving)
            let engine = try await InferenceEngine.toy(script) { $0.slotCount = 2 }
            let stays = isAlone ? nil : try engine.ask("SHAREDBEGINNINGSTAYS")
            let leaves = try engine.ask("SHAREDBEGINNINGLEAVES") { $0.choiceCount = 2 }
            leaving.stream = leaves
            // What came before the stream was known is made up for.
            leaving.count(0)
            if let stays { #expect(try await stays.collect().text == script.answer(to: "SHAREDBEGINNINGSTAYS")) }
            let next = try await engine.ask("SHAREDBEGINNINGNEXT").collect()
            #expect(next.text == script.answer(to: "SHAREDBEGINNINGNEXT"), "after leaving at step \(step)")
            leaves.cancel()
        }
    }

    // MARK: - Everything at once

    /// Many clients, several slots, random lengths, choices and weights, random leavers: whoever stays gets exactly the
    /// text that the model gives when it is alone.
    @Test(arguments: [1, 3, 8], [true, false])
    func randomWorkloadsGiveEachStreamItsOwnText(slotCount: Int, isTrimmable: Bool) async throws {
        let script = ToyBackend.Script(batchCapacity: 7, slotCount: slotCount, isTrimmable: isTrimmable)
        let engine = try await InferenceEngine.toy(script) { configuration in
            configuration.slotCount = slotCount
            configuration.queueCapacity = 1_000
            configuration.streamCapacity = 3
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 0..<200 as Range<UInt64> {
                group.addTask {
                    var random = SeededGenerator(seed: seed)
                    let length = Int.random(in: 1...60, using: &random)
                    let letters = (0..<length).map { _ in UInt8.random(in: 65...66, using: &random) }
                    let prompt = String(decoding: letters, as: UTF8.self)
                    let limit = Int.random(in: 0...30, using: &random)
                    let leavesAfter = Bool.random(using: &random) ? Int.random(in: 0...10, using: &random) : Int.max
                    let expected = script.answer(to: prompt, maxTokens: limit)
                    let iterator = try engine.ask(prompt, maxTokens: limit, progress: random.chance(0.3)) { request in
                        request.choiceCount = Int.random(in: 1...3, using: &random)
                        request.client = "\(Int.random(in: 0...2, using: &random))"
                        request.weight = Int.random(in: 1...4, using: &random)
                        request.reusesPrefix = !random.chance(0.2)
                        request.speculates = random.chance(0.4)
                    }.makeAsyncIterator()
                    var pieces = 0
                    while pieces < leavesAfter, let chunk = try await iterator.next() {
                        if chunk.text != nil { pieces += 1 }
                    }
                    for choice in iterator.reply.choices {
                        #expect(expected.hasPrefix(choice.text))
                        if iterator.reply.usage != nil { #expect(choice.text == expected) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
