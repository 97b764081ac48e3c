import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Many streams over one memory, on real models: each gives what the model alone gives.
struct ModelStreamTests {
    /// The check has eyes: another prompt's answer, and one that misses a token of its prompt, are no ties.
    @Test(arguments: ModelKind.allCases)
    func anotherMemoryIsNoTie(kind: ModelKind) async throws {
        let engine = try await ModelEngine(kind.load(), contextLength: 256, slots: 1)
        let alone = try engine.alone()
        var generator = SeededGenerator(seed: 1)
        let prompt = engine.prompt(40, using: &generator)
        let answer = try #require(await engine.ask(prompt, maxTokens: 20).collect().choices.first).tokens
        #expect(try alone.margins(of: answer, after: prompt).max() ?? 1 <= alone.tie)
        for other in [engine.prompt(40, using: &generator), Array(prompt.dropLast())] {
            #expect(try alone.margins(of: answer, after: other).max() ?? 0 > 4 * alone.tie)
        }
    }

    @Test(arguments: ModelKind.allCases)
    func sixteenStreamsGiveTheTextThatEachGivesAlone(kind: ModelKind) async throws {
        let engine = try await ModelEngine(kind.load(), contextLength: 256, slots: 16)
        let alone = try engine.alone()
        var generator = SeededGenerator(seed: 2)
        let beginnings = (0..<4).map { _ in engine.prompt(50, using: &generator) }
        // The second wave begins like the first, whose streams have ended then; each wave's streams begin alike too.
        for wave in 0..<2 {
            let prompts = (0..<16).map { number in
                beginnings[number % 4].prefix(wave * 10 + 30)
                    + engine.prompt(Int.random(in: 1...60, using: &generator), using: &generator)
            }
            let streams = try prompts.map { try engine.ask(Array($0), maxTokens: 24) }
            for (stream, prompt) in zip(streams, prompts) {
                let reply = try await stream.collect()
                try alone.check(try #require(reply.choices.first), after: Array(prompt), count: 24, "wave \(wave)")
                if wave > 0, engine.model.isTrimmable { #expect(reply.usage?.cachedTokens ?? 0 >= 30) }
            }
        }
    }

    /// Turns of several conversations, choices, prompts that begin alike at the same time and readers that leave, in
    /// random order, in a memory that is always too small for all of it.
    @Test(arguments: ModelKind.allCases)
    func everyKindOfMemoryGivesTheRightAnswer(kind: ModelKind) async throws {
        let engine = try await ModelEngine(kind.load(), contextLength: 256, slots: 3)
        let alone = try engine.alone()
        var generator = SeededGenerator(seed: 3)
        var conversations = (0..<4).map { _ in engine.prompt(20, using: &generator) }
        var cached = 0
        for round in 0..<25 {
            let place = Int.random(in: 0..<4, using: &generator)
            var prompt =
                conversations[place] + engine.prompt(Int.random(in: 1...40, using: &generator), using: &generator)
            if prompt.count > 230 { prompt = engine.prompt(20, using: &generator) }
            if generator.chance(0.2) {
                prompt = Array(prompt.prefix(Int.random(in: 1...prompt.count, using: &generator)))
            }
            let count = Int.random(in: 1...20, using: &generator)
            let choices = generator.chance(0.2) ? 3 : 1
            let stream = try engine.ask(prompt, maxTokens: count) { $0.choiceCount = choices }
            var others: [(prompt: [Token], stream: ChunkStream)] = []
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let half = prompt.prefix(prompt.count / 2) + engine.prompt(10, using: &generator)
                others.append((Array(half), try engine.ask(Array(half), maxTokens: 5)))
            }
            if generator.chance(0.3) {
                let questions = Int.random(in: 1...300, using: &generator)
                let left = engine.prompt(150, using: &generator)
                _ = try engine.watch.leave(after: questions) { try engine.ask(left, maxTokens: 5) }
            }
            let reply = try await stream.collect()
            #expect(reply.choices.count == choices)
            for choice in reply.choices { try alone.check(choice, after: prompt, count: count, "round \(round)") }
            for other in others {
                let reply = try await other.stream.collect()
                try alone.check(try #require(reply.choices.first), after: other.prompt, count: 5, "beside \(round)")
            }
            cached += reply.usage?.cachedTokens ?? 0
            conversations[place] = prompt + (reply.choices.first?.tokens ?? [])
        }
        // A recurrent memory is rebuilt, but for a turn that goes on where its conversation ended.
        #expect(cached > 0)
        await engine.engine.shutDown()
    }

    /// Four windows long, so that most of what is in memory is out of sight, with other streams in between that take
    /// the cells of what is.
    @Test func aSlidingWindowIsNeverSharedWithAHole() async throws {
        let engine = try await ModelEngine(ModelKind.slidingWindow.load(), contextLength: 256, slots: 1)
        let alone = try engine.alone()
        var generator = SeededGenerator(seed: 4)
        let first = engine.prompt(240, using: &generator)
        _ = try await engine.ask(first, maxTokens: 10).collect()
        for length in [150, 200, 64, 230] {
            _ = try await engine.ask(engine.prompt(length, using: &generator), maxTokens: 5).collect()
            for cut in [length, 230] {
                let prompt = first.prefix(cut) + engine.prompt(5, using: &generator)
                let reply = try await engine.ask(Array(prompt), maxTokens: 10).collect()
                try alone.check(try #require(reply.choices.first), after: Array(prompt), count: 10, "cut at \(cut)")
            }
        }
    }

    @Test(arguments: ModelKind.allCases)
    func aShiftedContextGoesOnAsTheModelAloneDoes(kind: ModelKind) async throws {
        let engine = try await ModelEngine(kind.load(), contextLength: 256, slots: 2)
        let alone = try engine.alone()
        var generator = SeededGenerator(seed: 5)
        for length in [5, 250] {
            let prompt = engine.prompt(length, using: &generator)
            // A finished sequence shares the cells that the shift moves.
            _ = try await engine.ask(prompt, maxTokens: 1).collect()
            let beside = try engine.ask(engine.prompt(30, using: &generator), maxTokens: 100)
            let reply = try await engine.ask(prompt, maxTokens: 300) { $0.shiftsContext = true }.collect()
            try alone.check(try #require(reply.choices.first), after: prompt, count: 300, "\(length)")
            #expect(try await beside.collect().usage?.completionTokens == 100)
            let again = try await engine.ask(prompt, maxTokens: 6).collect()
            try alone.check(try #require(again.choices.first), after: prompt, count: 6, "again \(length)")
        }
    }
}
