import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Adapters through llama.cpp, against weights to which they were added by hand.
@Suite(.timeLimit(.minutes(5))) struct LoRAAdapterTests {
    private typealias Matrix = [Float]
    private static let rank = 3
    private static let changed = ["blk.0.attn_q.weight", "blk.0.ffn_down.weight", "blk.0.attn_v.weight"]

    /// A llama of random weights.
    private static let base: GGUFWriter = {
        var generator = SeededGenerator(seed: 11)
        var writer = GGUFWriter.tinyLlama
        for place in writer.tensors.indices where writer.tensors[place].dimensions.count > 1 {
            writer.tensors[place].data = random(Int(writer.tensors[place].dimensions.reduce(1, *)), 0.3, &generator)
        }
        return writer
    }()

    private static func random(_ count: Int, _ spread: Float, _ generator: inout SeededGenerator) -> [UInt8] {
        let values = (0..<count).map { _ in Float.random(in: -spread...spread, using: &generator) }
        return values.withUnsafeBytes { Array($0) }
    }

    private static func floats(_ data: [UInt8]) -> Matrix {
        data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    /// An adapter of random matrices.
    private static func adapter(seed: UInt64, alpha: Float = 6) -> GGUFWriter {
        var generator = SeededGenerator(seed: seed)
        var writer = GGUFWriter()
        writer.metadata = [
            ("general.architecture", .string("llama")), ("general.type", .string("adapter")),
            ("adapter.type", .string("lora")), ("adapter.lora.alpha", .float32(alpha)),
        ]
        for name in changed {
            guard let weight = base.tensors.first(where: { $0.name == name }) else { continue }
            let (inputs, outputs, rank) = (weight.dimensions[0], weight.dimensions[1], UInt64(rank))
            for (ending, shape) in [(".lora_a", [inputs, rank]), (".lora_b", [rank, outputs])] {
                var tensor = GGUFWriter.Tensor(name + ending, shape)
                tensor.data = random(Int(shape[0] * shape[1]), 0.3, &generator)
                writer.tensors.append(tensor)
            }
        }
        return writer
    }

    /// The base's weights with an adapter's product added, which is what an adapter means.
    private static func merge(_ adapter: GGUFWriter, scale: Float, into base: inout GGUFWriter) {
        for place in base.tensors.indices {
            let name = base.tensors[place].name
            guard let down = adapter.tensors.first(where: { $0.name == name + ".lora_a" }),
                let up = adapter.tensors.first(where: { $0.name == name + ".lora_b" })
            else { continue }
            let (a, b) = (floats(down.data), floats(up.data))
            var weights = floats(base.tensors[place].data)
            let inputs = Int(down.dimensions[0])
            for output in 0..<Int(up.dimensions[1]) {
                for input in 0..<inputs {
                    let product = (0..<rank).reduce(Float(0)) { $0 + b[output * rank + $1] * a[$1 * inputs + input] }
                    weights[output * inputs + input] += scale * product
                }
            }
            base.tensors[place].data = weights.withUnsafeBytes { Array($0) }
        }
    }

    private static let tokens: [Token] = [0, 7, 40, 99, 12, 3]

    private static func logits(_ path: String, _ adapters: [LoRAAdapter] = []) throws -> [Float] {
        var options = LlamaOptions(modelPath: path)
        (options.threads, options.load.adapters) = (1, adapters)
        let context = try LlamaContext(
            model: try LlamaModel(path: path, options: options.load), options: options, slots: 1)
        var batch = Batch(capacity: 64)
        for (place, token) in tokens.enumerated() {
            _ = batch.append(token, position: place, sequence: 0, wantsLogits: place == tokens.count - 1)
        }
        _ = try context.decode(batch) { false }
        return Array(try #require(context.logits(at: tokens.count - 1)))
    }

    private static func difference(_ one: [Float], _ other: [Float]) -> Float {
        zip(one, other).map { abs($0 - $1) }.max() ?? .infinity
    }

    @Test func anAdapterIsItsProductAddedToTheWeights() throws {
        let file = try TemporaryFile(Self.base.file)
        let plain = try Self.logits(file.path)
        let adapters = [Self.adapter(seed: 1), Self.adapter(seed: 2, alpha: 0)]
        let first = try TemporaryFile(adapters[0].file)
        let second = try TemporaryFile(adapters[1].file)
        // The file's alpha is divided by the rank; 0 says nothing.
        for scales in [[1, 0], [0.5, 0], [0, 0], [-0.5, 2], [1, 1]] as [[Float]] {
            var merged = Self.base
            Self.merge(adapters[0], scale: scales[0] * 6 / Float(Self.rank), into: &merged)
            Self.merge(adapters[1], scale: scales[1], into: &merged)
            let mergedFile = try TemporaryFile(merged.file)
            let expected = try Self.logits(mergedFile.path)
            let adapted = try Self.logits(
                file.path, [.init(path: first.path, scale: scales[0]), .init(path: second.path, scale: scales[1])])
            #expect(Self.difference(adapted, expected) < 0.01, "\(scales)")
            if scales != [0, 0] { #expect(Self.difference(adapted, plain) > 0.05, "\(scales)") }
        }
    }

    /// Prompts kept on disk and tuned settings are found by the fingerprint.
    @Test func theFingerprintTellsAdaptersAndScalesApart() throws {
        let file = try TemporaryFile(Self.base.file)
        let one = try TemporaryFile(Self.adapter(seed: 1).file)
        let other = try TemporaryFile(Self.adapter(seed: 2).file)
        var seen: Set<String> = []
        for adapters in [
            [], [LoRAAdapter(path: one.path)], [.init(path: one.path, scale: 0.5)], [.init(path: other.path)],
            [.init(path: one.path), .init(path: other.path)],
        ] {
            var load = LlamaModel.LoadOptions()
            load.adapters = adapters
            let fingerprint = try LlamaModel(path: file.path, options: load).fingerprint
            #expect(fingerprint.count == 16 && seen.insert(fingerprint).inserted)
        }
        #expect(seen.contains(try GGUFFile(path: file.path).fingerprint))
    }

    /// Embeddings are computed with the adapter too.
    @Test func embeddingsAreChangedToo() async throws {
        let file = try TemporaryFile(Self.base.file)
        let adapter = try TemporaryFile(Self.adapter(seed: 1).file)
        var options = LlamaOptions(modelPath: file.path)
        options.threads = 1
        let request = EmbeddingRequest(inputs: [.tokens(Self.tokens)])
        let plain = try await LlamaEmbedder.load(options).embed(request).vectors[0]
        options.load.adapters = [LoRAAdapter(path: adapter.path)]
        let adapted = try await LlamaEmbedder.load(options).embed(request).vectors[0]
        #expect(Self.difference(plain, adapted) > 0.01)
    }

    /// A manifest is found again with the same adapters at the same scales, and refused with any others.
    @Test func aManifestIsOfTheModelWithItsAdapters() async throws {
        let file = try TemporaryFile(Self.base.file)
        let first = try TemporaryFile(Self.adapter(seed: 1).file)
        let second = try TemporaryFile(Self.adapter(seed: 2).file)
        let (modelPath, paths) = (file.path, [first.path, second.path])
        func provider(_ scales: [Float]) async throws -> LlamaProvider {
            var options = LlamaOptions(modelPath: modelPath)
            options.threads = 1
            options.load.adapters = zip(paths, scales).map { LoRAAdapter(path: $0, scale: $1) }
            return try await LlamaProvider.load(options)
        }
        var request = GenerationRequest(
            prompt: .tokens(Self.tokens), maxTokens: 20, isReproducible: true, givesManifest: true)
        (request.sampling.seed, request.sampling.ignoresEndOfGeneration) = (7, true)
        let adapted = try await provider([1, 0.5])
        let json = try #require(try await adapted.reply(to: request).metadata["manifest"])
        await adapted.shutDown()
        let manifest = try Manifest(json: json)
        let names = zip(paths, ["1.0", "0.5"]).map { "\(URL(filePath: $0).lastPathComponent):\($1)" }
        #expect(manifest.environment.adapters == names)
        let again = try await provider([1, 0.5])
        #expect(try await again.verify(manifest) == Verification(matchingTokens: 20, drift: 0))
        await again.shutDown()
        for scales in [[], [1], [0.5, 1]] as [[Float]] {
            let other = try await provider(scales)
            let error = await #expect(throws: GenerationError.self) { _ = try await other.verify(manifest) }
            #expect(error?.message.contains("another model: “tiny” with \(names.joined(separator: " and ")),") == true)
            // The adapters do change the answer.
            var foreign = manifest
            foreign.environment.fingerprint = other.llama.fingerprint
            #expect(try await other.verify(foreign).difference != nil, "\(scales)")
            await other.shutDown()
        }
    }

    private struct Damage: Sendable, CustomTestStringConvertible {
        let words: String
        let change: @Sendable (inout GGUFWriter) -> Void
        var testDescription: String { words }

        init(_ words: String, _ change: @escaping @Sendable (inout GGUFWriter) -> Void) {
            (self.words, self.change) = (words, change)
        }
    }

    @Test(arguments: [
        Damage("and no adapter") { $0["general.type"] = nil },
        Damage("and no adapter") { $0["general.type"] = .uint32(7) },
        Damage("must be lora") { $0["adapter.type"] = .string("dora") },
        Damage("for the architecture \"qwen2\", but the model is \"llama\"") {
            $0["general.architecture"] = .string("qwen2")
        },
        Damage("adapter.lora.alpha") { $0["adapter.lora.alpha"] = .string("6") },
        Damage("adapter.lora.alpha") { $0["adapter.lora.alpha"] = .float32(.nan) },
        Damage("switched on by tokens") { $0["adapter.alora.invocation_tokens"] = .int32s([1]) },
        Damage("lacks the other half") { $0.tensors.removeLast() },
        Damage("neither half of a pair") { $0.tensors[0].name = "blk.0.attn_q.weight.lora_c" },
        Damage("the model has no tensor \"blk.7.attn_q.weight\"") {
            $0.tensors[0].name = "blk.7.attn_q.weight.lora_a"
            $0.tensors[1].name = "blk.7.attn_q.weight.lora_b"
        },
        Damage("do not fit the model's") { $0.tensors[0].dimensions = [24, 4] },
        Damage("do not fit the model's") { $0.tensors[1].dimensions = [4, 24] },
        Damage("do not fit the model's") { $0.tensors[0].dimensions = [32, 1, 3] },
        Damage("which the model also computes its output with") {
            $0.tensors = [
                GGUFWriter.Tensor("token_embd.weight.lora_a", [3, 100]),
                GGUFWriter.Tensor("token_embd.weight.lora_b", [3, 32]),
            ]
        },
        Damage("of a type that cannot be added") { writer in for place in 0..<2 { writer.tensors[place].type = 26 } },
        Damage("holds no matrices") { $0.tensors = [] },
        Damage("") { $0.tensors[0].data.removeLast(100) }, Damage("") { $0.version = 9 },
        Damage("") { $0.tensorCount = 1 << 40 },
    ]) private func aDamagedAdapterIsASentence(_ damage: Damage) throws {
        var writer = Self.adapter(seed: 1)
        damage.change(&writer)
        let file = try TemporaryFile(Self.base.file)
        let adapter = try TemporaryFile(writer.file)
        var load = LlamaModel.LoadOptions()
        load.adapters = [LoRAAdapter(path: adapter.path)]
        let error = #expect(throws: GenerationError.self) { try LlamaModel(path: file.path, options: load) }
        #expect(error?.code == .modelUnusable && error?.message.contains("The adapter \(adapter.path)") == true)
        #expect(error?.message.contains(damage.words) == true || damage.words.isEmpty, "\(error?.message ?? "")")
        #expect(error?.message.hasSuffix(".") == true)
    }

    /// Every byte of the header flipped, all the way through llama.cpp: an abort or a crash ends the tests.
    @Test func aFlippedByteIsASentenceOrAnAdapter() throws {
        let writer = Self.adapter(seed: 1)
        let header = writer.header
        let file = try TemporaryFile(Self.base.file)
        let adapter = try TemporaryFile(writer.file)
        for place in 0..<header.count {
            try adapter.overwrite([header[place] ^ (place.isMultiple(of: 2) ? 0x01 : 0x80)], at: place)
            do {
                _ = try Self.logits(file.path, [LoRAAdapter(path: adapter.path)])
            } catch let error as GenerationError {
                #expect(error.message.hasSuffix(".") && !error.message.contains("\n"), "flip at \(place)")
            }
            try adapter.overwrite([header[place]], at: place)
        }
    }

    @Test func whatIsNoFileOrNoScaleIsRefused() throws {
        let file = try TemporaryFile(Self.base.file)
        for (adapter, code) in [
            (LoRAAdapter(path: "/nowhere/at/all.gguf"), .modelNotFound),
            (LoRAAdapter(path: file.path), .modelUnusable),
            (LoRAAdapter(path: file.path, scale: .infinity), .invalidRequest),
        ] as [(LoRAAdapter, GenerationError.Code)] {
            let error = #expect(throws: GenerationError.self) { try Self.logits(file.path, [adapter]) }
            #expect(error?.code == code)
        }
    }
}
