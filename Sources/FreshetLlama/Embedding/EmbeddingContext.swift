internal import CLlama
internal import Freshet

/// llama.cpp's computation of vectors.
///
/// One thread makes it, uses it and frees it; not being `Sendable`, it cannot leave.
final class EmbeddingContext: EmbeddingBackend {
    private let handle: OpaquePointer
    /// Contexts must not outlive their model.
    private let model: LlamaModel
    private let interruption: Interruption

    /// Makes a context.
    ///
    /// - Parameter length: the most tokens of a batch.
    /// - Throws: ``GenerationError`` when its memory cannot be had, or what else llama.cpp says.
    init(
        model: LlamaModel, options: LlamaOptions, pooling: Pooling, length: Int, texts: Int
    ) throws(GenerationError) {
        let interruption = Interruption()
        var parameters = options.contextParameters(for: model, length: UInt32(clamping: length), sequences: texts)
        (parameters.key_type, parameters.value_type) = (FRESHET_CACHE_F16, FRESHET_CACHE_F16)
        if pooling == .mean, !model.isEncoder { parameters.micro_batch = min(parameters.micro_batch, Self.meanPiece) }
        parameters.should_interrupt = Interruption.callback
        parameters.interrupt_data = Unmanaged.passUnretained(interruption).toOpaque()
        handle = try GenerationError.check("The model \(model.path) cannot compute embeddings") { failure in
            freshet_embedder_new(model.handle, parameters, model.isEncoder, pooling.boundaryPooling, failure)
        }
        self.model = model
        self.interruption = interruption
    }

    deinit { freshet_embedder_free(handle) }

    /// Tokens whose vectors a decoder computes at once: with each come the scores of the whole vocabulary, which are 0.6
    /// MB for 150,000 tokens.
    private static let meanPiece: UInt32 = 128

    func embed(_ texts: [[Token]], shouldInterrupt: () -> Bool) throws(GenerationError) -> [[Float]]? {
        let width = Int(freshet_embedder_width(handle))
        var numbers = [Float](repeating: 0, count: texts.count * width)
        var failure = freshet_error()
        let code = interruption.asking(shouldInterrupt) {
            freshet_embedder_compute(
                handle, Array(texts.joined()), texts.map { Int32(clamping: $0.count) }, Int32(clamping: texts.count),
                &numbers, &failure)
        }
        switch code {
        case FRESHET_OK: return texts.indices.map { Array(numbers[$0 * width..<($0 + 1) * width]) }
        case FRESHET_ERROR_INTERRUPTED: return nil
        default: throw GenerationError(failure, attempt: "The model could not compute the embeddings")
        }
    }
}

extension Pooling {
    /// The kind's name at the C boundary.
    fileprivate var boundaryPooling: freshet_pooling {
        switch self {
        case .mean: FRESHET_POOLING_MEAN
        case .cls: FRESHET_POOLING_CLS
        case .last: FRESHET_POOLING_LAST
        }
    }
}
