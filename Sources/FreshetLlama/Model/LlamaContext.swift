internal import CLlama
package import Freshet

/// The memory of running sequences, and llama.cpp's computation over it.
///
/// llama.cpp's rule is that a context is used by one thread at a time. The engine's thread makes it, uses it and frees
/// it; not being `Sendable`, it cannot leave.
final class LlamaContext: Backend {
    private let handle: OpaquePointer
    /// Contexts must not outlive their model.
    private let model: LlamaModel
    /// Nor the threads that compute.
    private let threads: ComputeThreads
    private let interruption: Interruption
    let contextLength: Int
    let capacity: Int
    let sequenceCount: Int
    let batchCapacity: Int

    /// Makes a context with a whole context's length of memory for each slot.
    ///
    /// - Parameters:
    ///   - remembers: whether there are sequences beside the slots', for the beginnings of later prompts.
    ///   - threads: what to compute with, by turns with others; `nil` for threads of its own.
    /// - Throws: ``GenerationError`` with code `outOfMemory` when its memory cannot be had, or what else llama.cpp
    ///   says.
    init(
        model: LlamaModel, options: LlamaOptions, slots: Int, remembers: Bool = true, threads: ComputeThreads? = nil
    ) throws(GenerationError) {
        let length = options.contextLength(for: model)
        let interruption = Interruption()
        let product = length.multipliedReportingOverflow(by: slots)
        guard !product.overflow, let total = Int32(exactly: product.partialValue).map(UInt32.init) else {
            throw .invalid(
                "ctx_size", "of \(length) tokens for each of \(slots) slots is more than llama.cpp can count")
        }
        let remembered = Self.rememberedSequences(slots: slots, isTrimmable: model.isTrimmable)
        sequenceCount = slots + (remembers ? remembered : 0)
        var parameters = options.contextParameters(for: model, length: total, sequences: sequenceCount)
        let threads = threads ?? ComputeThreads(for: model, options)
        parameters.pool = threads.handle
        parameters.should_interrupt = Interruption.callback
        parameters.interrupt_data = Unmanaged.passUnretained(interruption).toOpaque()
        handle = try GenerationError.check("No context of \(total) tokens can be made for \(model.path)") { failure in
            freshet_context_new(model.handle, parameters, failure)
        }
        self.model = model
        self.threads = threads
        self.interruption = interruption
        // llama.cpp rounds the length up; what was asked for stands.
        capacity = Int(freshet_context_length(handle))
        contextLength = min(length, capacity / slots)
        batchCapacity = options.batchSize
    }

    deinit { freshet_context_free(handle) }

    func decode(_ batch: Batch, shouldInterrupt: () -> Bool) throws(GenerationError) -> DecodeOutcome {
        var failure = freshet_error()
        let code = interruption.asking(shouldInterrupt) {
            freshet_context_decode(
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

    func canContinue(_ sequence: Int32, at position: Int) -> Bool {
        freshet_context_can_continue(handle, sequence, Int32(clamping: position))
    }

    var isTrimmable: Bool { model.isTrimmable }

    /// A context has a row of logits for each sequence that it can number, and one more; see `freshet_context_new`.
    var outputCapacity: Int { sequenceCount + 1 }

    /// New tokens may take the cells that a sliding window has left behind, and would be missed when they are taken back.
    var canRetract: Bool { isTrimmable && model.isSavable }

    var canShift: Bool { isTrimmable && freshet_context_can_shift(handle) }

    func share(from: Int32, to: Int32, length: Int) {
        freshet_context_share(handle, from, to, Int32(clamping: length))
    }

    func truncate(_ sequence: Int32, to position: Int) {
        freshet_context_truncate(handle, sequence, Int32(clamping: position))
    }

    func shift(_ sequence: Int32, removing range: Range<Int>) -> Bool {
        freshet_context_shift(
            handle, sequence, Int32(clamping: range.lowerBound), Int32(clamping: range.upperBound))
    }

    func save(_ sequence: Int32, range: Range<Int>) -> [UInt8]? {
        guard model.isSavable else { return nil }
        let (begin, end) = (Int32(clamping: range.lowerBound), Int32(clamping: range.upperBound))
        let length = freshet_context_save(handle, sequence, begin, end, nil, 0)
        guard length > 0 else { return nil }
        let state = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            let written = freshet_context_save(handle, sequence, begin, end, buffer.baseAddress, length)
            count = written == length ? length : 0
        }
        return state.isEmpty ? nil : state
    }

    func load(_ state: [UInt8], range: Range<Int>, into sequence: Int32) -> Bool {
        model.isSavable
            && freshet_context_load(
                handle, sequence, Int32(clamping: range.lowerBound), Int32(clamping: range.upperBound), state,
                state.count)
    }

    /// Finished sequences whose beginnings later prompts can share. Each costs llama.cpp a row of logits: 0.6 MB for a
    /// vocabulary of 150,000. A recurrent model has memory for each sequence, however short: there is one for each
    /// slot.
    private static func rememberedSequences(slots: Int, isTrimmable: Bool) -> Int {
        min(max(isTrimmable ? 16 : 0, slots), sequenceLimit - slots)
    }

    /// llama.cpp numbers 256 sequences, and the boundary keeps one for itself.
    private static let sequenceLimit = 255

    func makeSampler(_ options: SamplingOptions) -> Sampler {
        Sampler(options: options, vocabulary: model.vocabulary, contextLength: contextLength)
    }

    var endOfGeneration: [Token] { model.endOfGeneration }

    func makeBackend(
        for model: LlamaModel, _ options: LlamaOptions, slots: Int
    ) throws(GenerationError) -> any Backend {
        try LlamaContext(model: model, options: options, slots: slots, threads: threads)
    }

    func append(bytesOf token: Token, showingControl: Bool, to bytes: inout [UInt8]) {
        model.vocabulary.append(bytesOf: token, to: &bytes, showingControl: showingControl)
    }
}

extension LlamaModel {
    /// Makes what computes for an engine, with a whole context's length of memory for each slot, on the engine's thread.
    ///
    /// - Throws: ``GenerationError`` with code `outOfMemory` when its memory cannot be had, or what else llama.cpp says.
    package func makeBackend(_ options: LlamaOptions, slots: Int) throws(GenerationError) -> any Backend {
        try LlamaContext(model: self, options: options, slots: slots)
    }
}

extension LlamaOptions {
    /// How a context for a model is set up, which nothing interrupts.
    ///
    /// - Parameters:
    ///   - length: tokens of all sequences together.
    ///   - sequences: how many there may be.
    func contextParameters(for model: LlamaModel, length: UInt32, sequences: Int) -> freshet_context_params {
        freshet_context_params(
            context_length: length, batch_capacity: UInt32(clamping: batchSize),
            micro_batch: UInt32(clamping: min(microBatchSize, batchSize)), max_sequences: UInt32(clamping: sequences),
            key_type: keyType.boundaryType, value_type: valueType.boundaryType,
            flash_attention: flashAttention.map { $0 ? 1 : 0 } ?? -1,
            threads: Int32(clamping: threads(for: model)), batch_threads: Int32(clamping: batchThreads(for: model)),
            pool: nil, use_blas: usesBLAS, should_interrupt: nil, interrupt_data: nil)
    }
}

extension LlamaOptions.CacheType {
    /// The type's name at the C boundary.
    fileprivate var boundaryType: freshet_cache_type {
        switch self {
        case .f16: FRESHET_CACHE_F16
        case .q8_0: FRESHET_CACHE_Q8_0
        case .q4_0: FRESHET_CACHE_Q4_0
        }
    }
}
