internal import CLlama
internal import Freshet

/// The memory of running sequences, and llama.cpp's computation over it.
///
/// llama.cpp's rule is that a context is used by one thread at a time. The engine's thread makes it, uses it and frees
/// it; not being `Sendable`, it cannot leave.
final class LlamaContext: Backend {
    private let handle: OpaquePointer
    /// Contexts must not outlive their model.
    private let model: LlamaModel
    private let interruption: Interruption
    let contextLength: Int
    let batchCapacity: Int

    /// Makes a context.
    ///
    /// - Throws: ``GenerationError`` with code `outOfMemory` when its memory cannot be had, or what else llama.cpp says.
    init(model: LlamaModel, options: LlamaOptions, sequences: Int) throws(GenerationError) {
        let length = options.contextLength(for: model)
        let threads = options.threads(for: model)
        let interruption = Interruption()
        let product = length.multipliedReportingOverflow(by: sequences)
        guard !product.overflow, let total = UInt32(exactly: product.partialValue) else {
            throw .invalid(
                "ctx_size", "of \(length) tokens for each of \(sequences) slots is more than llama.cpp can count")
        }
        let parameters = freshet_context_params(
            context_length: total, batch_capacity: UInt32(clamping: options.batchSize),
            micro_batch: UInt32(clamping: options.batchSize), max_sequences: UInt32(clamping: sequences),
            threads: Int32(clamping: threads), batch_threads: Int32(clamping: options.batchThreads(for: model)),
            should_interrupt: { data in
                guard let data else { return false }
                return Unmanaged<Interruption>.fromOpaque(data).takeUnretainedValue().check?() ?? false
            }, interrupt_data: Unmanaged.passUnretained(interruption).toOpaque())
        handle = try GenerationError.check("No context of \(total) tokens can be made for \(model.path)") { failure in
            freshet_context_new(model.handle, parameters, failure)
        }
        self.model = model
        self.interruption = interruption
        // llama.cpp rounds the length up; what was asked for stands.
        contextLength = min(length, Int(freshet_context_length(handle)) / sequences)
        batchCapacity = options.batchSize
    }

    deinit { freshet_context_free(handle) }

    func decode(_ batch: Batch, shouldInterrupt: () -> Bool) throws(GenerationError) -> DecodeOutcome {
        var failure = freshet_error()
        let code = withoutActuallyEscaping(shouldInterrupt) { check in
            interruption.check = check
            defer { interruption.check = nil }
            return freshet_context_decode(
                handle, batch.tokens, batch.positions, batch.sequences, batch.outputs, Int32(batch.count), &failure)
        }
        switch code {
        case FRESHET_OK: return .computed
        case FRESHET_ERROR_INTERRUPTED: return .interrupted
        case FRESHET_ERROR_NO_ROOM: return .noRoom
        default: throw GenerationError(failure, attempt: "The model could not compute the next tokens")
        }
    }

    func logits(at index: Int) -> UnsafeBufferPointer<Float>? {
        freshet_context_logits(handle, Int32(index)).map {
            UnsafeBufferPointer(start: $0, count: model.vocabularySize)
        }
    }

    func nextPosition(of sequence: Int32) -> Int { Int(freshet_context_next_position(handle, sequence)) }

    func truncate(_ sequence: Int32, to position: Int) -> Bool {
        freshet_context_truncate(handle, sequence, Int32(clamping: position))
    }

    func makeSampler(_ options: SamplingOptions) -> Sampler {
        Sampler(options: options, vocabulary: model.vocabulary, contextLength: contextLength)
    }

    var endOfGeneration: [Token] { model.endOfGeneration }

    func append(bytesOf token: Token, to bytes: inout [UInt8]) { model.vocabulary.append(bytesOf: token, to: &bytes) }

    /// The running decode's question whether to go on, at an address that C can carry.
    private final class Interruption {
        var check: (() -> Bool)?
    }
}
