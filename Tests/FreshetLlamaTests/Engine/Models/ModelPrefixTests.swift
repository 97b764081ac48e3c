import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Prefixes of real models in a folder.
struct ModelPrefixTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-\(UUID().uuidString)").path

    private func engine(_ model: LlamaModel, keys: LlamaOptions.CacheType) async throws -> ModelEngine {
        let store = try PrefixStore(directory: folder, limit: 1 << 26, modelKey: keys.rawValue)
        return try await ModelEngine(model, contextLength: 256, slots: 2) { options in
            options.keyType = keys
        } configure: { configuration in
            configuration.prefixStore = store
        }
    }

    @Test(
        arguments: [(ModelKind.embedded, .f16), (.embedded, .q8_0), (.llama, .q4_0)]
            as [(ModelKind, LlamaOptions.CacheType)])
    func aPrefixGivesTheSameTextAfterARestart(kind: ModelKind, keys: LlamaOptions.CacheType) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let model = try await kind.load()
        var generator = SeededGenerator(seed: 8)
        var prompt: [Token] = []
        for (length, cached) in [(150, 0), (140, 128), (128, 64), (129, 128), (200, 128), (240, 192)] {
            let engine = try await engine(model, keys: keys)
            let alone = try engine.alone()
            if prompt.isEmpty { prompt = engine.prompt(240, using: &generator) }
            // Beside another stream, so that its blocks do not come to lie in a row.
            let beside = try engine.ask(engine.prompt(9, using: &generator), maxTokens: 40)
            let reply = try await engine.ask(Array(prompt[..<length]), maxTokens: 12).collect()
            #expect(reply.usage?.cachedTokens == cached, "\(length)")
            try alone.check(try #require(reply.choices.first), after: Array(prompt[..<length]), count: 12, "\(length)")
            _ = try await beside.collect()
            // What came from the folder lies in memory as if it had been computed there.
            let again = try await engine.ask(Array(prompt[..<100]), maxTokens: 12).collect()
            #expect(again.usage?.cachedTokens == 99)
            try alone.check(try #require(again.choices.first), after: Array(prompt[..<100]), count: 12, "again")
            await engine.engine.shutDown()
        }
    }

    /// The provider tells models and types of memory apart.
    @Test func aFolderOfAnotherModelIsNotUsed() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try await SyntheticModelFile.make("tiny-llama")
        let other = try await SyntheticModelFile.make("tiny-llama", seed: 1)
        func cached(_ path: String, _ change: (inout LlamaOptions) -> Void = { _ in }) async throws -> Int? {
            var options = LlamaOptions(modelPath: path)
            (options.contextLength, options.slotCount, options.threads) = (256, 1, 1)
            options.prefixDirectory = folder
            change(&options)
            let provider = try await LlamaProvider.load(options)
            let prompt = Prompt.tokens((300..<400).map { Token($0) })
            let reply = try await provider.reply(to: GenerationRequest(prompt: prompt, maxTokens: 2))
            await provider.shutDown()
            return reply.usage?.cachedTokens
        }
        #expect(try await cached(file.path) == 0)
        #expect(try await cached(file.path) == 64)
        #expect(try await cached(other.path) == 0)
        for type in [LlamaOptions.CacheType.q8_0, .q4_0] {
            #expect(try await cached(file.path) { $0.keyType = type } == 0)
            #expect(try await cached(file.path) { $0.valueType = type } == 0)
        }
        #expect(try await cached(file.path) { $0.flashAttention = false } == 0)
        #expect(try await cached(file.path) == 64)
        #expect(try await cached(file.path) { $0.keyType = .q8_0 } == 64)
    }

    @Test(arguments: [ModelKind.slidingWindow, .recurrent, .hybrid])
    func aModelWhoseMemoryCannotBeKeptIsRefused(kind: ModelKind) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try await SyntheticModelFile.make(kind.rawValue)
        var options = file.options
        options.prefixDirectory = folder
        let error = await #expect(throws: GenerationError.self) { try await LlamaProvider.load(options) }
        #expect(error?.code == .invalidRequest && error?.parameter == "cache_dir")
        #expect(error?.message.contains("recurrent or a sliding window") == true)
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
