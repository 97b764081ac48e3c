import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Prompts that are left while llama.cpp computes them.
struct ModelInterruptionTests {
    /// What else the engine is at.
    enum Neighbour: CaseIterable {
        case none, paused, running
    }

    /// Left after every number of llama.cpp's questions: what it had of the prompt is right, and so is what it has of
    /// others, whether they run, wait for their readers or have ended.
    @Test(arguments: ModelKind.allCases, Neighbour.allCases)
    func leavingAPromptAtAnyMomentLeavesMemoryRight(kind: ModelKind, neighbour: Neighbour) async throws {
        let engine = try await ModelEngine(kind.load(), contextLength: 512, slots: 4) { options in
            options.batchSize = 128
        } configure: { configuration in
            if neighbour == .paused { configuration.streamCapacity = 4 }
        }
        let alone = try engine.alone()
        var generator = SeededGenerator(seed: 6)
        var interruptions = 0
        for questions in [1, 3, 15, 60, 150] {
            let ended = engine.prompt(40, using: &generator)
            let answer = try #require(await engine.ask(ended, maxTokens: 8).collect().choices.first)
            try alone.check(answer, after: ended, count: 8, "before \(questions)")

            let beside = engine.prompt(30, using: &generator)
            let decodes = engine.watch.decodes
            let stream = neighbour == .none ? nil : try engine.ask(beside, maxTokens: 40)
            // A paused one has given all that its reader's buffer takes by then.
            while stream != nil, engine.watch.decodes < decodes + 3 { await Task.yield() }

            let left = engine.prompt(200, using: &generator)
            // Of two choices a recurrent memory computes both at once.
            let victim = try engine.watch.leave(after: questions) {
                try engine.ask(left, maxTokens: 3) { $0.choiceCount = 2 }
            }
            _ = try? await victim.collect()
            interruptions += engine.watch.disarm() ? 1 : 0

            let prompt = left.prefix(180) + engine.prompt(4, using: &generator)
            let next = try await engine.ask(Array(prompt), maxTokens: 8).collect()
            try alone.check(try #require(next.choices.first), after: Array(prompt), count: 8, "after \(questions)")
            if let stream {
                let reply = try await stream.collect()
                try alone.check(try #require(reply.choices.first), after: beside, count: 40, "beside \(questions)")
            }
            let turn = ended + answer.tokens + engine.prompt(3, using: &generator)
            let reply = try await engine.ask(turn, maxTokens: 8).collect()
            try alone.check(try #require(reply.choices.first), after: turn, count: 8, "on after \(questions)")
        }
        #expect(interruptions >= 3)
        await engine.engine.shutDown()
    }
}
