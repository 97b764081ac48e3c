public import Freshet

/// Vectors of texts, computed by a GGUF model on this machine's processor: by one made for it, such as BERT, or by any
/// that generates text.
///
/// ```swift
/// let embedder = try await LlamaEmbedder.load(LlamaOptions(modelPath: "bge-small.gguf"))
/// let vectors = try await embedder.embed(EmbeddingRequest("a cow", "a calf")).vectors
/// await embedder.shutDown()
/// ```
///
/// A ``LlamaProvider`` embeds too, with the model that it has loaded. The texts of several requests are computed
/// together.
public final class LlamaEmbedder: EmbeddingProvider {
    /// The loaded model.
    public let llama: LlamaModel
    /// The name that results carry: the one asked for, or the model's own.
    public let model: String
    /// How the vectors of a text's tokens become the text's.
    public let pooling: Pooling
    /// The most tokens of a text.
    public let inputLength: Int
    private let engine: EmbeddingEngine
    private let preparations = Turnstile(places: 2)

    /// Loads a model, on a thread of its own.
    ///
    /// - Parameter progress: called with 0…1 as the model is read; answering `false` stops. A cancelled task stops too.
    /// - Throws: ``GenerationError`` that says why the model cannot be used.
    public static func load(
        _ options: LlamaOptions, progress: @escaping @Sendable (Double) -> Bool = { _ in true }
    ) async throws(GenerationError) -> LlamaEmbedder {
        var options = options
        options.load.allowsEncoders = true
        try options.validate()
        return try LlamaEmbedder(model: try await LlamaModel.load(options, progress: progress), options: options)
    }

    /// Takes a loaded model. Nothing is computed, and no memory taken, before the first request.
    ///
    /// - Throws: ``GenerationError`` when the model computes no embeddings.
    init(model: LlamaModel, options: LlamaOptions) throws(GenerationError) {
        let pooling = try model.pooling(options.pooling)
        (llama, self.model, self.pooling) = (model, options.name ?? model.name, pooling)
        // A position beyond those that it was trained with may be none at all.
        let length = max(1, min(options.contextLength(for: model), model.trainedContextLength))
        inputLength = length
        let limits = EmbeddingBatch.Limits(tokens: min(options.batchSize, length), texts: Self.batchTexts)
        engine = EmbeddingEngine(
            capacity: options.queueCapacity, retryAfter: options.queueRetry, limits: limits
        ) { () throws(GenerationError) in
            try EmbeddingContext(
                model: model, options: options, pooling: pooling, length: length, texts: limits.texts)
        }
    }

    /// The most texts of a batch.
    private static let batchTexts = 32

    /// The numbers of a whole vector.
    public var width: Int { llama.embeddingWidth }

    /// Computes a vector for each of the request's texts.
    ///
    /// - Throws: ``GenerationError`` when a value is out of range, a text is longer than ``inputLength`` or empty, too
    ///   many requests wait, or the deadline passes; with code `cancelled` when the task is cancelled.
    public func embed(_ request: EmbeddingRequest) async throws(GenerationError) -> Embeddings {
        let submitted = ContinuousClock.now
        try request.validate()
        if let dimensions = request.dimensions, dimensions > width {
            throw .invalid("dimensions", "must be at most \(width), the model's own, but is \(dimensions)")
        }
        let texts = try await preparations.pass { () throws(GenerationError) in
            try await DedicatedThread.value(named: "freshet-texts") { () throws(GenerationError) in
                try self.tokens(of: request.inputs)
            }
        }
        let vectors = try await engine.vectors(of: request, texts: texts, submitted: submitted)
        let count = texts.reduce(0) { $0 + $1.count }
        return Embeddings(
            model: model, vectors: vectors, usage: Usage(promptTokens: count, completionTokens: 0))
    }

    private func tokens(of inputs: [EmbeddingRequest.Input]) throws(GenerationError) -> [[Token]] {
        var texts: [[Token]] = []
        for (place, input) in inputs.enumerated() {
            let name = EmbeddingRequest.name(of: place, in: inputs.count)
            let tokens = try self.tokens(of: input, name: name)
            guard !tokens.isEmpty else { throw .invalid(name, "has no tokens") }
            guard tokens.count <= inputLength else { throw tooLong("\(tokens.count)", name) }
            texts.append(tokens)
        }
        return texts
    }

    private func tokens(of input: EmbeddingRequest.Input, name: String) throws(GenerationError) -> [Token] {
        switch input {
        case .text(let text):
            guard let tokens = try llama.vocabulary.tokens(of: text, limit: inputLength) else {
                throw tooLong("more than \(inputLength)", name)
            }
            return tokens
        case .tokens(let tokens):
            if let stray = tokens.first(where: { !llama.vocabulary.contains($0) }) {
                throw .invalid(name, "holds token \(stray), but the vocabulary has \(llama.vocabulary.count)")
            }
            return tokens
        }
    }

    private func tooLong(_ count: String, _ name: String) -> GenerationError {
        GenerationError(
            .promptTooLong,
            "\(name) has \(count) tokens, but the model embeds at most \(inputLength): shorten the text.",
            parameter: name)
    }

    /// Ends what waits as failed with ``GenerationError/Code/shuttingDown``, and frees the engine's memory.
    public func shutDown() async { await engine.shutDown() }
}
