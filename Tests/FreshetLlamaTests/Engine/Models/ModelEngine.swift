import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// The models that tests run the engine on: one for each kind of memory.
enum ModelKind: String, CaseIterable {
    case embedded
    case llama = "tiny-llama"
    case slidingWindow = "tiny-gemma3"
    case recurrent = "tiny-mamba"
    case hybrid = "tiny-jamba"

    func load() async throws -> LlamaModel {
        guard self != .embedded else { return try LlamaModel(path: EmbeddedModel.path) }
        // The file is mapped and can go.
        let file = try await SyntheticModelFile.make(rawValue, .f16)
        return try LlamaModel(path: file.path)
    }
}

/// An engine on a real model, and the model by itself beside it.
struct ModelEngine {
    let engine: InferenceEngine
    let watch: DecodeWatch
    let model: LlamaModel
    let options: LlamaOptions

    init(
        _ model: LlamaModel, contextLength: Int, slots: Int, watch: DecodeWatch = DecodeWatch(),
        _ change: (inout LlamaOptions) -> Void = { _ in },
        configure: (inout InferenceEngine.Configuration) -> Void = { _ in }
    ) async throws {
        var options = LlamaOptions(modelPath: model.path)
        (options.contextLength, options.threads) = (contextLength, 1)
        change(&options)
        (self.model, self.options, self.watch) = (model, options, watch)
        var configuration = InferenceEngine.Configuration(model: "numbered")
        (configuration.slotCount, configuration.streamCapacity, configuration.queueCapacity) = (slots, 1000, 1000)
        // What the cache believes holds after every turn.
        configuration.onTurn = { loop in
            if let sentence = loop.brokenInvariant { Issue.record("\(sentence)") }
        }
        configure(&configuration)
        engine = try await InferenceEngine.start(configuration) { [watch, options] () throws(GenerationError) in
            NumberedBackend(try LlamaContext(model: model, options: options, slots: slots), watch)
        }
    }

    /// The model by itself, with the same options.
    func alone() throws -> LoneModel { try LoneModel(model, options) }

    /// Submits a greedy request whose answer has as many tokens as are asked for.
    func ask(
        _ prompt: [Token], maxTokens: Int, _ change: (inout GenerationRequest) -> Void = { _ in }
    ) throws(GenerationError) -> ChunkStream {
        var request = GenerationRequest(prompt: .tokens(prompt), sampling: .greedy, maxTokens: maxTokens)
        request.sampling.ignoresEndOfGeneration = true
        change(&request)
        return try engine.submit(request, tokens: prompt)
    }

    /// A prompt of random tokens that no two seeds begin alike.
    func prompt(_ count: Int, using generator: inout SeededGenerator) -> [Token] {
        (0..<count).map { _ in Token.random(in: 300..<Token(model.vocabularySize), using: &generator) }
    }
}

extension Reply.Choice {
    /// The tokens that a ``NumberedBackend`` told.
    var tokens: [Token] { text.split(separator: " ").compactMap { Token($0) } }
}

extension LoneModel {
    /// Checks that each token of an answer is what the model says alone, or in a tie with it.
    func check(
        _ choice: Reply.Choice, after prompt: [Token], count: Int, _ comment: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let answer = choice.tokens
        #expect(answer.count == count, "\(comment)", sourceLocation: sourceLocation)
        let margins = try margins(of: answer, after: prompt)
        let first = margins.firstIndex { $0 > tie }
        #expect(
            first == nil, "\(comment): token \(first ?? 0) is \(margins.max() ?? 0) behind the best one",
            sourceLocation: sourceLocation)
    }
}
