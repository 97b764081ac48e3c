import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Embeddings through llama.cpp, against what they are by definition.
@Suite(.timeLimit(.minutes(5))) struct LlamaEmbedderTests {
    private static func options(_ path: String, _ pooling: Pooling? = nil) -> LlamaOptions {
        var options = LlamaOptions(modelPath: path)
        (options.threads, options.pooling) = (1, pooling)
        return options
    }

    /// Each text's vector is that of a plain computation, however many are computed with it.
    @Test(arguments: Pooling.allCases) func aBertsVectorsAreThosePlainlyComputed(_ pooling: Pooling) async throws {
        let bert = TinyBert(seed: 1)
        let file = try TemporaryFile(bert.writer().file)
        let embedder = try await LlamaEmbedder.load(Self.options(file.path, pooling))
        let texts = ["hello world", "a", "the cow the calf", "what is a cow", "zzz yyy"]
        let result = try await embedder.embed(
            EmbeddingRequest(inputs: texts.map { .text($0) }, isNormalized: false))
        var count = 0
        for (text, vector) in zip(texts, result.vectors) {
            let tokens = TinyBert.tokens(of: text)
            count += tokens.count
            let all = bert.vectors(of: tokens)
            let expected: [Double] =
                switch pooling {
                case .mean: all[0].indices.map { place in all.reduce(0) { $0 + $1[place] } / Double(all.count) }
                case .cls: all[0]
                case .last: all[all.count - 1]
                }
            for (number, wanted) in zip(vector, expected) { #expect(abs(Double(number) - wanted) < 0.01) }
        }
        #expect(result.usage == Usage(promptTokens: count, completionTokens: 0))
        #expect(result.model == "tiny-bert" && embedder.width == TinyBert.width)
        await embedder.shutDown()
    }

    @Test func theFileSaysHowItIsPooled() async throws {
        let bert = TinyBert(seed: 2)
        for (stated, expected) in [(nil, .mean), (0, .mean), (1, .mean), (2, .cls), (3, .last)] as [(UInt32?, Pooling)]
        {
            let file = try TemporaryFile(bert.writer(pooling: stated).file)
            #expect(try await LlamaEmbedder.load(Self.options(file.path)).pooling == expected)
        }
        let ranking = try TemporaryFile(bert.writer(pooling: 4).file)
        let error = await #expect(throws: GenerationError.self) {
            try await LlamaEmbedder.load(Self.options(ranking.path))
        }
        #expect(error?.code == .modelUnusable && error?.message.contains("ranks texts") == true)
    }

    /// What reads texts as a whole does not generate, and says so.
    @Test func aBertCannotGenerate() async throws {
        let file = try TemporaryFile(TinyBert(seed: 3).writer().file)
        let error = await #expect(throws: GenerationError.self) {
            try await LlamaProvider.load(Self.options(file.path))
        }
        #expect(error?.code == .modelUnusable && error?.message.contains("can only embed") == true)
    }

    /// A decoder's last vector is the one that its output matrix makes logits of.
    @Test func aDecodersLastVectorGivesItsLogits() async throws {
        let (writer, rows) = Self.randomLlama()
        let file = try TemporaryFile(writer.file)
        let options = Self.options(file.path)
        let provider = try await LlamaProvider.load(options)
        let texts: [[Token]] = [
            [0, 5, 9, 20, 7], [3], Array(repeating: [4, 8, 15, 16, 23, 42], count: 9).flatMap(\.self),
        ]
        let vectors = try await provider.embed(
            EmbeddingRequest(inputs: texts.map { .tokens($0) }, isNormalized: false)
        ).vectors
        let context = try LlamaContext(model: provider.llama, options: options, slots: 1)
        for (text, vector) in zip(texts, vectors) {
            var batch = Batch(capacity: 64)
            for (place, token) in text.enumerated() {
                _ = batch.append(token, position: place, sequence: 0, wantsLogits: place == text.count - 1)
            }
            _ = try context.decode(batch) { false }
            let logits = try #require(context.logits(at: text.count - 1))
            for (logit, row) in zip(logits, rows) {
                let expected = zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(logit - expected) < 0.02 * (1 + abs(expected)))
            }
            context.truncate(0, to: 0)
        }
        await provider.shutDown()
    }

    /// A decoder's token sees only those before it, so the mean is that of all beginnings' last vectors, also over the
    /// pieces in which a long text is computed.
    @Test func aDecodersMeanIsThatOfItsBeginnings() async throws {
        var options = Self.options(EmbeddedModel.path, .last)
        options.contextLength = 512
        let last = try await LlamaEmbedder.load(options)
        options.pooling = .mean
        let mean = try await LlamaEmbedder.load(options)
        let text = (0..<300).map { Token(3 + $0 * 37 % 900) }
        let beginnings = (1...text.count).map { EmbeddingRequest.Input.tokens(Array(text.prefix($0))) }
        let each = try await last.embed(EmbeddingRequest(inputs: beginnings, isNormalized: false)).vectors
        let whole = try await mean.embed(
            EmbeddingRequest(inputs: [beginnings[298], .tokens([5]), beginnings[299]], isNormalized: false)
        ).vectors
        for place in 0..<last.width {
            let expected = each.reduce(0) { $0 + Double($1[place]) } / Double(each.count)
            #expect(abs(Double(whole[2][place]) - expected) < 0.02 * (1 + abs(expected)))
        }
        await last.shutDown()
        await mean.shutDown()
    }

    @Test func alikeTextsAreNearerThanOthers() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        let vectors = try await provider.embed(
            EmbeddingRequest("The dragon was happy.", "The dragon was glad.", "Twelve green apples and a bucket")
        ).vectors
        func similarity(_ one: Int, _ other: Int) -> Float {
            zip(vectors[one], vectors[other]).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(abs(similarity(0, 0) - 1) < 1e-5)
        #expect(similarity(0, 1) > similarity(0, 2))
        await provider.shutDown()
    }

    @Test func whatDoesNotFitIsRefusedWithBothLengths() async throws {
        let file = try TemporaryFile(TinyBert(seed: 4).writer().file)
        var options = Self.options(file.path)
        // A longer context would be beyond the positions that there are.
        options.contextLength = 4096
        let embedder = try await LlamaEmbedder.load(options)
        #expect(embedder.inputLength == TinyBert.context)
        let letters = { (count: Int) in EmbeddingRequest.Input.text(String(repeating: "a ", count: count)) }
        _ = try await embedder.embed(EmbeddingRequest(inputs: [letters(62)]))
        let cases: [(EmbeddingRequest, GenerationError.Code, String)] = [
            (
                EmbeddingRequest(inputs: [letters(1), letters(63)]), .promptTooLong,
                "input[1] has 65 tokens, but the model embeds at most 64"
            ),
            (EmbeddingRequest(inputs: [letters(1 << 20)]), .promptTooLong, "more than 64 tokens"),
            (EmbeddingRequest(inputs: [.tokens([1, 99])]), .invalidRequest, "token 99"),
            (EmbeddingRequest(inputs: [letters(1)], dimensions: 33), .invalidRequest, "at most 32"),
        ]
        for (request, code, words) in cases {
            let error = await #expect(throws: GenerationError.self) { try await embedder.embed(request) }
            #expect(error?.code == code && error?.message.contains(words) == true, "\(error as Any)")
        }
        let error = await #expect(throws: GenerationError.self) {
            try await LlamaEmbedder.load(Self.options(EmbeddedModel.path, .cls))
        }
        #expect(error?.parameter == "pooling")
        await embedder.shutDown()
    }

    /// A llama of random weights, and the rows of its output matrix.
    private static func randomLlama() -> (GGUFWriter, [[Float]]) {
        var generator = SeededGenerator(seed: 5)
        var writer = GGUFWriter.tinyLlama
        for place in writer.tensors.indices where writer.tensors[place].dimensions.count > 1 {
            let count = Int(writer.tensors[place].dimensions.reduce(1, *))
            let values = (0..<count).map { _ in Float.random(in: -0.5...0.5, using: &generator) }
            writer.tensors[place].data = values.withUnsafeBytes { Array($0) }
        }
        let table = writer.tensors[0].data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        return (writer, stride(from: 0, to: table.count, by: 32).map { Array(table[$0..<$0 + 32]) })
    }
}
