import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// How keys and values are kept.
struct ModelMemoryTests {
    typealias CacheType = LlamaOptions.CacheType

    @Test(arguments: [ModelKind.embedded, .slidingWindow], CacheType.allCases)
    func everyTypeOfMemoryAnswersAndShifts(kind: ModelKind, keys: CacheType) async throws {
        let model = try await kind.load()
        for (values, attention) in [
            (CacheType.f16, nil), (.f16, true), (.f16, false), (.q8_0, nil), (.q8_0, true), (.q4_0, nil), (.q4_0, true),
        ] as [(CacheType, Bool?)] {
            let engine = try await ModelEngine(model, contextLength: 128, slots: 2) { options in
                (options.keyType, options.valueType, options.flashAttention) = (keys, values, attention)
            }
            let alone = try engine.alone()
            var generator = SeededGenerator(seed: 7)
            let prompt = engine.prompt(60, using: &generator)
            let name = "\(values.rawValue), \(attention.map { "\($0)" } ?? "auto")"
            for (end, count) in [(60, 12), (40, 12), (60, kind == .embedded ? 100 : 60)] {
                let prompt = Array(prompt.prefix(end))
                let reply = try await engine.ask(prompt, maxTokens: count) { $0.shiftsContext = true }.collect()
                try alone.check(try #require(reply.choices.first), after: prompt, count: count, name)
            }
            await engine.engine.shutDown()
        }
    }

    @Test(arguments: [CacheType.q8_0, .q4_0])
    func quantisedValuesWithoutFlashAttentionAreRefused(values: CacheType) async {
        var options = LlamaOptions.embedded
        (options.valueType, options.flashAttention) = (values, false)
        let error = await #expect(throws: GenerationError.self) { try await LlamaProvider.load(options) }
        #expect(error?.code == .invalidRequest && error?.parameter == "cache_type_v")
        #expect(error?.message.contains("needs flash attention, which is switched off") == true)
    }
}
