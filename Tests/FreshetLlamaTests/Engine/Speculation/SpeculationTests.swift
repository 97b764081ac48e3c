import Freshet
import FreshetTestSupport
import Synchronization
import Testing

@testable import FreshetLlama

/// Streams that are computed several tokens at a time give what they give one token at a time. The toy stops the process at
/// a token that is not where its sequence ends, as it would be with a rejected one still in memory.
struct SpeculationTests {
    /// A model that says the script's bytes, but for some: its logits depend on every token that it has in memory.
    private static func script(
        _ bytes: [UInt8], contextLength: Int = 128, slotCount: Int = 2, isTrimmable: Bool = true, canShift: Bool = true,
        onToken: @escaping @Sendable (Token) -> Void = { _ in }, onDecode: @escaping @Sendable () -> Void = {}
    ) -> ToyBackend.Script {
        ToyBackend.Script(
            contextLength: contextLength, batchCapacity: 24, slotCount: slotCount, isTrimmable: isTrimmable,
            canShift: canShift, onToken: { token throws(GenerationError) in onToken(token) },
            logits: { tokens in
                let hash = tokens.reduce(14_695_981_039_346_656_037 as UInt64) {
                    ($0 ^ UInt64(UInt32(bitPattern: $1))) &* 1_099_511_628_211
                }
                var random = SeededGenerator(seed: hash)
                var logits = (0..<257).map { _ in Float.random(in: 0...1, using: &random) }
                let generated = tokens.drop { (65...90).contains($0) }.count
                let next = generated < bytes.count ? Int(bytes[generated]) : Int(ToyBackend.endOfGeneration)
                logits[next] += random.chance(0.05) ? 0 : 9
                return logits
            }, onDecode: onDecode)
    }

    /// A text in which pieces come again and again.
    private static func repetitive(_ count: Int, using random: inout SeededGenerator) -> [UInt8] {
        let pieces = (0..<3).map { _ in
            (0..<Int.random(in: 2...12, using: &random)).map { _ in UInt8.random(in: 97...122, using: &random) }
        }
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += random.pick(pieces) }
        return Array(bytes.prefix(count))
    }

    private static func engine(
        _ script: ToyBackend.Script, clock: TickingClock = TickingClock(), slotCount: Int = 2, streamCapacity: Int = 64,
        draft: ToyBackend.Script? = nil
    ) async throws -> InferenceEngine {
        try await InferenceEngine.toy(script) { configuration in
            configuration.slotCount = slotCount
            configuration.streamCapacity = streamCapacity
            configuration.queueCapacity = 100
            configuration.gapTarget = .seconds(1)
            configuration.now = { clock.now }
            if let draft {
                configuration.draftVocabularySize = 257
                configuration.makeDraftBackend = { _ throws(GenerationError) in ToyBackend(draft) }
            }
        }
    }

    /// What a reply is, without its times.
    private struct Outcome {
        var choices: [Reply.Choice] = []
        var pieces: [[String]]
        var usage: Usage?
        var drafted = 0
        var accepted = 0

        /// Whether it is another's, but for what of the prompt was in memory, which drafts may have taken the room of.
        func equals(_ other: Outcome) -> Bool {
            choices == other.choices && pieces == other.pieces
                && usage?.promptTokens == other.usage?.promptTokens
                && usage?.completionTokens == other.usage?.completionTokens
        }
    }

    private static func outcome(of stream: ChunkStream) async throws -> Outcome {
        var (grammar, reply) = (ChunkGrammar(), Reply())
        var pieces = [[String]](repeating: [], count: GenerationRequest.choiceLimit)
        for try await chunk in stream {
            try grammar.accept(chunk)
            reply.append(chunk)
            if let text = chunk.text { pieces[chunk.index].append(text) }
        }
        try grammar.acceptEnd()
        return Outcome(
            choices: reply.choices, pieces: pieces, usage: reply.usage, drafted: reply.timings?.draftedTokens ?? 0,
            accepted: reply.timings?.acceptedTokens ?? 0)
    }

    private static func sampling(using random: inout SeededGenerator) -> SamplingOptions {
        var options = random.chance(0.3) ? SamplingOptions.greedy : SamplingOptions()
        options.seed = random.next()
        options.temperature = random.chance(0.3) ? 0 : Float.random(in: 0.5...3, using: &random)
        if random.chance(0.3) { options.repeatPenalty = 1.3 }
        if random.chance(0.2) { options.dryMultiplier = 0.8 }
        if random.chance(0.2) { (options.xtcProbability, options.xtcThreshold) = (0.5, 0.05) }
        if random.chance(0.2) { options.mirostat = random.pick([.v1, .v2]) }
        return options
    }

    /// Random models, requests, lengths of drafts and readers: the same pieces of text, in every choice, and the same end.
    @Test(arguments: [true, false])
    func everyStreamGivesWhatItGivesTokenByToken(canShift: Bool) async throws {
        var (drafted, accepted) = (0, 0)
        for seed in 0..<(16 as UInt64) {
            var random = SeededGenerator(seed: seed)
            let bytes = Self.repetitive(Int.random(in: 1...150, using: &random), using: &random)
            // On the clock the model takes longer than what guesses for it, more or less.
            let clock = TickingClock(500...random.pick([600, 4000]), seed: seed)
            let script = Self.script(
                bytes, contextLength: random.pick([24, 64, 128]), slotCount: 3, canShift: canShift,
                onDecode: clock.work)
            // What it holds for likeliest, the temperature may not draw.
            let draft = Self.script(bytes, contextLength: script.contextLength, slotCount: 3)
            let requests = (0..<4).map { _ in
                let letters = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                    UInt8.random(in: 65...66, using: &random)
                }
                var request = GenerationRequest(
                    prompt: .text(String(decoding: letters, as: UTF8.self)), sampling: Self.sampling(using: &random),
                    maxTokens: random.chance(0.7) ? Int.random(in: 0...90, using: &random) : 150)
                if random.chance(0.4) {
                    let start = Int.random(in: 0..<bytes.count, using: &random)
                    request.stop = [String(decoding: bytes[start...].prefix(3), as: UTF8.self)]
                }
                request.choiceCount = random.pick([1, 1, 2, 3])
                request.shiftsContext = random.chance(0.5)
                request.reportsProgress = random.chance(0.3)
                return (request, letters.map { Token($0) })
            }
            var outcomes: [[Outcome]] = []
            for speculates in [false, true] {
                let engine = try await Self.engine(
                    script, clock: clock, slotCount: 3,
                    streamCapacity: random.pick([1, 2, 5, 64]), draft: seed % 2 == 0 ? draft : nil)
                var found: [Outcome] = []
                for (request, tokens) in requests {
                    var request = request
                    request.speculates = speculates
                    found.append(try await Self.outcome(of: try engine.submit(request, tokens: tokens)))
                }
                outcomes.append(found)
            }
            let areEqual = zip(outcomes[0], outcomes[1]).allSatisfy { $0.equals($1) }
            #expect(areEqual, "seed \(seed)")
            let hasDrafts = outcomes[0].contains { $0.drafted > 0 }
            #expect(!hasDrafts)
            drafted += outcomes[1].reduce(0) { $0 + $1.drafted }
            accepted += outcomes[1].reduce(0) { $0 + $1.accepted }
        }
        // Some were right, and some were not.
        #expect(accepted > 200 && drafted > accepted + 200, "\(accepted) of \(drafted)")
    }

    /// Streams side by side share batches, rows of logits and memory.
    @Test func streamsSideBySideGiveWhatEachGivesAlone() async throws {
        for seed in 0..<(8 as UInt64) {
            var random = SeededGenerator(seed: seed)
            let script = Self.script(Self.repetitive(60, using: &random), slotCount: 4)
            let requests = (0..<8).map { number in
                var request = GenerationRequest(prompt: .text(""), sampling: Self.sampling(using: &random))
                request.speculates = number % 3 > 0
                let prompt = "ABAB" + String(repeating: "C", count: number % 4)
                return (request, prompt.utf8.map { Token($0) })
            }
            let alone = try await Self.engine(script, slotCount: 1)
            var expected: [Outcome] = []
            for (request, tokens) in requests {
                var request = request
                request.speculates = false
                expected.append(try await Self.outcome(of: try alone.submit(request, tokens: tokens)))
            }
            let engine = try await Self.engine(script, clock: TickingClock(500...1500, seed: seed), slotCount: 4)
            let streams = try requests.map { request, tokens in try engine.submit(request, tokens: tokens) }
            for (stream, expected) in zip(streams, expected) {
                let isEqual = try await Self.outcome(of: stream).equals(expected)
                #expect(isEqual, "seed \(seed)")
            }
        }
    }

    @Test func whatRepeatsItselfTakesFewerBatches() async throws {
        let text = String(repeating: "once upon a time ", count: 6)
        let script = ToyBackend.Script(bytes: Array(text.utf8))
        let batches = Batches()
        let clock = TickingClock()
        let engine = try await InferenceEngine.toy(script) { configuration in
            configuration.now = { clock.now }
            configuration.onTurn = { _ in batches.count() }
        }
        let reply = try await engine.ask("ABC") { $0.speculates = true }.collect()
        #expect(reply.text == text)
        let timings = try #require(reply.timings)
        #expect(timings.acceptedTokens > 60 && timings.draftedTokens >= timings.acceptedTokens)
        #expect(batches.number < text.utf8.count / 2)
    }

    private final class Batches: @unchecked Sendable {
        // Sendable: the variable is read and written under `monitor` only.
        private let monitor = Monitor()
        private var turns = 0

        var number: Int { monitor.withLock { turns } }

        func count() { monitor.withLock { turns += 1 } }
    }

    /// A memory that cannot be cut cannot take a rejected token back.
    @Test func whatCannotBeTakenBackIsNotDrafted() async throws {
        let script = Self.script(Array(repeating: 97, count: 50), isTrimmable: false)
        let outcome = try await Self.outcome(of: Self.engine(script).ask("ABC") { $0.speculates = true })
        #expect(outcome.drafted == 0 && outcome.usage?.completionTokens ?? 0 > 0)
    }

    /// A reader that leaves after any number of pieces, or too late, frees its slot, and what it leaves in memory is right.
    @Test func leavingAtEveryStepLeavesMemoryRight() async throws {
        for step in stride(from: 0, to: 40, by: 3) {
            var random = SeededGenerator(seed: UInt64(step))
            let bytes = Self.repetitive(60, using: &random)
            let engine = try await Self.engine(
                Self.script(bytes), clock: TickingClock(500...1500, seed: UInt64(step)), streamCapacity: 3)
            let expected = try await engine.ask("ABCD").collect().text
            let iterator = try engine.ask("ABCD") { $0.speculates = true }.makeAsyncIterator()
            while iterator.reply.text.count < step, try await iterator.next() != nil {}
            #expect(expected.hasPrefix(iterator.reply.text))
            // Its tokens begin the next one's.
            let again = try await engine.ask("ABCD") { ($0.speculates, $0.choiceCount) = (true, 2) }.collect()
            #expect(again.choices.map(\.text) == [expected, expected], "left after \(step)")
            let late = try engine.ask("ABCD", deadline: .milliseconds(step)) { $0.speculates = true }
            #expect(expected.hasPrefix(await Self.textBeforeTheDeadline(of: late)))
        }
    }

    private static func textBeforeTheDeadline(of stream: ChunkStream) async -> String {
        do throws(GenerationError) {
            return try await stream.collect().text
        } catch {
            #expect(error.code == .deadlineExceeded)
            return error.partial?.text ?? ""
        }
    }

    /// A computation that is broken off leaves a part of a batch in memory, drafts included.
    @Test func anInterruptionAnywhereLeavesMemoryRight() async throws {
        for step in stride(from: 3, to: 70, by: 2) {
            let leaving = Leaving(at: step)
            let bytes = Array(String(repeating: "abcdefg", count: 8).utf8)
            let script = Self.script(bytes) { _ in leaving.count() }
            let engine = try await Self.engine(script, slotCount: 1)
            let stream = try engine.ask("ABCD") { $0.speculates = true }
            leaving.stream = stream
            leaving.count(0)
            let text = try await engine.ask("ABCD") { $0.speculates = true }.collect().text
            #expect(try await engine.ask("ABCD") { $0.reusesPrefix = false }.collect().text == text, "\(step)")
            stream.cancel()
        }
    }

    /// A model that guesses right makes answers take fewer batches, also where nothing repeats itself; when it fails, they
    /// go on without it.
    @Test(arguments: [false, true])
    func aModelGuessesForAnother(fails: Bool) async throws {
        var random = SeededGenerator(seed: 1)
        let letters = (0..<90).map { _ in UInt8.random(in: 97...122, using: &random) }
        let clock = TickingClock()
        // It takes longer than what guesses for it.
        let script = ToyBackend.Script(bytes: letters, onDecode: clock.work)
        let guesses = Atomic(0)
        let draft = ToyBackend.Script(bytes: letters) { _ throws(GenerationError) in
            let count = guesses.add(1, ordering: .relaxed).newValue
            if fails, count > 30 { throw GenerationError(.engineFailed, "The toy is broken.") }
        }
        let engine = try await Self.engine(script, clock: clock, draft: draft)
        let text = String(decoding: letters, as: UTF8.self)
        let reply = try await engine.ask("ABC") { $0.speculates = true }.collect()
        #expect(reply.text == text)
        let accepted = try #require(reply.timings?.acceptedTokens)
        if fails { #expect(5...40 ~= accepted) } else { #expect(accepted > 60) }
        let computed = guesses.load(ordering: .relaxed)
        #expect(try await engine.ask("ABC").collect().text == text)
        #expect(guesses.load(ordering: .relaxed) == computed)
    }
}
