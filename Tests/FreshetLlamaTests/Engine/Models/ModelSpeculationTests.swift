import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Answers of real models that are computed several tokens at a time.
struct ModelSpeculationTests {
    /// An engine to whose clock all batches take as long, so that it drafts whatever it can.
    private func engine(_ kind: ModelKind, slots: Int) async throws -> ModelEngine {
        let clock = TickingClock()
        return try await ModelEngine(kind.load(), contextLength: 256, slots: slots) { _ in
        } configure: {
            $0.now = { clock.now }
        }
    }

    /// Each token is what the model says alone, or in a tie with it: beside others, after a context shift, in several
    /// choices, and for the next prompt that begins alike. A memory that cannot take tokens back has no drafts.
    @Test(arguments: ModelKind.allCases)
    func everyTokenIsTheModels(kind: ModelKind) async throws {
        let engine = try await engine(kind, slots: 3)
        let alone = try engine.alone()
        var generator = SeededGenerator(seed: 6)
        var (drafted, accepted) = (0, 0)
        for round in 0..<4 {
            let piece = engine.prompt(25, using: &generator)
            let prompt = piece + engine.prompt(5, using: &generator) + piece.prefix(round * 8)
            let count = round == 3 ? 260 : 50
            let stream = try engine.ask(prompt, maxTokens: count) {
                ($0.speculates, $0.shiftsContext, $0.choiceCount) = (true, true, round == 1 ? 2 : 1)
            }
            let other = piece + engine.prompt(9, using: &generator)
            let beside = try engine.ask(other, maxTokens: 40) { $0.speculates = round > 0 }
            let reply = try await stream.collect()
            for choice in reply.choices { try alone.check(choice, after: prompt, count: count, "round \(round)") }
            let otherReply = try await beside.collect()
            try alone.check(try #require(otherReply.choices.first), after: other, count: 40, "beside \(round)")
            drafted += reply.timings?.draftedTokens ?? 0
            accepted += reply.timings?.acceptedTokens ?? 0
            let next = prompt + (reply.choices.first?.tokens.prefix(30) ?? []) + engine.prompt(3, using: &generator)
            let again = try await engine.ask(next, maxTokens: 8) { $0.speculates = true }.collect()
            try alone.check(try #require(again.choices.first), after: next, count: 8, "again \(round)")
        }
        let canRetract = [.embedded, .llama].contains(kind)
        #expect(canRetract ? drafted > accepted && accepted > 20 : drafted == 0, "\(accepted) of \(drafted)")
        await engine.engine.shutDown()
    }

    /// What is drawn is drawn with the same numbers, whatever was drafted.
    @Test func aSeedGivesTheSameTextWithAndWithoutDrafts() async throws {
        let engine = try await engine(.embedded, slots: 1)
        var generator = SeededGenerator(seed: 7)
        var drafted = 0
        for seed in 0..<(6 as UInt64) {
            let piece = engine.prompt(20, using: &generator)
            var texts: [String] = []
            for speculates in [false, true] {
                let reply = try await engine.ask(piece + piece.prefix(10), maxTokens: 60) { request in
                    request.sampling = SamplingOptions()
                    (request.sampling.seed, request.sampling.repeatPenalty) = (seed, seed % 2 == 0 ? 1 : 1.2)
                    (request.speculates, request.reusesPrefix) = (speculates, false)
                }.collect()
                texts.append(reply.text)
                drafted += reply.timings?.draftedTokens ?? 0
            }
            #expect(texts[0] == texts[1], "seed \(seed)")
        }
        #expect(drafted > 0)
        await engine.engine.shutDown()
    }

    /// A model is right about itself, but for ties; and what it holds is in step with the answers, also when slots are taken
    /// by others, and contexts are shifted.
    @Test func aModelGuessesWhatItWillSay() async throws {
        let model = try await ModelKind.embedded.load()
        var options = LlamaOptions(modelPath: model.path)
        (options.contextLength, options.threads, options.draftModelPath) = (128, 1, model.path)
        let draft = try #require(try DraftModel(options, for: model, progress: { _ in true }))
        let clock = TickingClock()
        // The model takes longer than what guesses for it.
        let watch = DecodeWatch(onDecode: clock.work)
        let engine = try await ModelEngine(model, contextLength: 128, slots: 2, watch: watch) { _ in
        } configure: {
            $0.now = { clock.now }
            $0.draftVocabularySize = draft.vocabularySize
            $0.makeDraftBackend = { other throws(GenerationError) in
                try draft.makeBackend(slots: 2, beside: other)
            }
        }
        let alone = try engine.alone()
        var generator = SeededGenerator(seed: 8)
        var (drafted, accepted) = (0, 0)
        for round in 0..<4 {
            let prompts = (0..<3).map { _ in engine.prompt(round == 2 ? 100 : 20, using: &generator) }
            let streams = try prompts.map { prompt in
                try engine.ask(prompt, maxTokens: 60) { ($0.speculates, $0.shiftsContext) = (true, true) }
            }
            for (stream, prompt) in zip(streams, prompts) {
                let reply = try await stream.collect()
                try alone.check(try #require(reply.choices.first), after: prompt, count: 60, "round \(round)")
                drafted += reply.timings?.draftedTokens ?? 0
                accepted += reply.timings?.acceptedTokens ?? 0
            }
        }
        #expect(accepted > 200 && accepted * 10 > drafted * 8, "\(accepted) of \(drafted)")
        await engine.engine.shutDown()
    }

    /// Slots are as many as a quarter of the free memory has contexts for, of both models, between 1 and 8.
    @Test func theSlotsOfAModelThatGuessesTakeMemoryToo() async throws {
        let model = try await ModelKind.embedded.load()
        var options = LlamaOptions(modelPath: model.path)
        (options.contextLength, options.draftModelPath) = (128, model.path)
        let draft = try #require(try DraftModel(options, for: model, progress: { _ in true }))
        let own = options.contextByteCount(of: model)
        // The model guesses for itself, at the length of context that was asked for.
        #expect(own > 128 * 100 && draft.contextByteCount == own)
        options.contextLength = 256
        #expect(options.contextByteCount(of: model) == 2 * own)
        options.contextLength = 128
        for (draftBytes, freeBytes, slots) in [
            (0, 4 * 5 * own, 5), (0, 4 * 5 * own - 1, 4), (own, 4 * 5 * own, 2), (own, 4 * 6 * own, 3),
            (2 * own, 4 * 6 * own, 2), (own, 4 * 100 * own, 8), (own, 4 * own, 1), (0, 4 * own, 1), (own, 0, 1),
        ] {
            let found = options.slotCount(for: model, draftContextBytes: draftBytes, freeBytes: freeBytes)
            #expect(found == slots, "\(draftBytes) beside \(own) of \(freeBytes)")
        }
        options.slotCount = 7
        #expect(options.slotCount(for: model, draftContextBytes: own, freeBytes: 0) == 7)
        // A provider counts both.
        options.slotCount = nil
        for (draft, slots) in [(nil, 6), (model.path, 3)] {
            options.draftModelPath = draft
            let provider = try await LlamaProvider.load(options, freeBytes: 4 * 6 * own)
            #expect(provider.engine.slotCount == slots)
            await provider.shutDown()
        }
    }

    @Test(arguments: [
        (ModelKind.embedded, ModelKind.llama, "vocabulary"), (.embedded, .recurrent, "recurrent"),
        (.recurrent, .embedded, "recurrent"), (.slidingWindow, .slidingWindow, "window"),
    ])
    func whatCannotGuessIsRefused(kind: ModelKind, draft: ModelKind, word: String) async throws {
        let model = try await kind.load()
        let file = draft == .embedded ? nil : try await SyntheticModelFile.make(draft.rawValue, .f16)
        var options = LlamaOptions(modelPath: model.path)
        options.draftModelPath = file?.path ?? EmbeddedModel.path
        do throws(GenerationError) {
            _ = try DraftModel(options, for: model, progress: { _ in true })
            Issue.record("It was not refused.")
        } catch {
            #expect(error.parameter == "draft" && error.message.contains(word), "\(error.message)")
        }
    }
}
