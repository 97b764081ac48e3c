internal import Foundation
public import Freshet

/// How the local engine is set up: which model, and how much of the machine it may use.
public struct LlamaOptions: Sendable {
    /// The GGUF file.
    public var modelPath: String
    /// A smaller model's GGUF file, with the same vocabulary, which guesses what the model will say for requests that
    /// ``GenerationRequest/speculates``; `nil` looks for it in the text only. It has a context of its own, as long and with
    /// as many slots.
    public var draftModelPath: String?
    /// The name under which chunks say they were made; `nil` takes the model's own.
    public var name: String?
    /// Tokens of prompt and answer together that one generation may have; 0 takes what the model was trained with,
    /// `nil` the same but at most ``contextLimit``. There is memory for this many in each slot.
    public var contextLength: Int?
    /// The most tokens that ``contextLength`` is where nothing was said.
    public var contextLimit = LlamaOptions.defaultContextLimit
    /// Generations that run side by side; further ones wait. `nil` takes as many as a quarter of the free memory has
    /// contexts for, those of ``draftModelPath`` included, from 1 to 8. The first reproducible request takes the memory of
    /// one context more.
    public var slotCount: Int?
    /// The longest gap that running streams are to see between two tokens while prompts are computed beside them. The
    /// prompts are cut into pieces that fit, by the speed that this machine has shown.
    public var gapTarget: Duration = .milliseconds(100)
    /// How attention's keys are kept in memory.
    public var keyType: CacheType = .f16
    /// How attention's values are kept in memory. A quantised type needs flash attention.
    public var valueType: CacheType = .f16
    /// Whether attention is computed without laying out all scores; `nil` lets llama.cpp decide for the model.
    public var flashAttention: Bool?
    /// A folder in which computed prompts outlive the process; `nil` keeps them in memory only.
    public var prefixDirectory: String?
    /// The most bytes that the folder may hold.
    public var prefixDirectoryLimit = 8 << 30
    /// Threads that compute one token; `nil` takes one for each processor that the process may use, and a single one
    /// for a model of a few megabytes.
    public var threads: Int?
    /// Threads that compute a prompt; `nil` takes as many as ``threads``.
    public var batchThreads: Int?
    /// The most tokens that one step of the engine takes.
    public var batchSize = 512
    /// Tokens that are computed at once, of those of a step: more of them make better use of the processor and take
    /// more memory. Never more than ``batchSize``.
    public var microBatchSize = 512
    /// Whether OpenBLAS computes products of many tokens with weights that are not repacked, where it is built in. It
    /// was slower on every machine measured.
    public var usesBLAS = false
    /// How the vectors of a text's tokens become the text's; `nil` does as the model's file says, or what suits it.
    public var pooling: Pooling?
    /// How the model's file is read.
    public var load = LlamaModel.LoadOptions()
    /// Requests that may wait for a slot; more are refused with
    /// ``GenerationError/Code/overloaded``.
    public var queueCapacity = 32
    /// After how long a request that was refused so is told to try again.
    public var queueRetry: Duration = .seconds(1)
    /// Chunks that may wait for a slow reader before its sequence pauses.
    public var streamCapacity = 64

    /// A type in which llama.cpp keeps keys and values: 16 bits each, or quantised to about 8.5 or 4.5 bits.
    public enum CacheType: String, Sendable, Codable, CaseIterable {
        case f16
        case q8_0
        case q4_0

        /// Bits that a number takes, the block's scale included.
        var exactBits: Double {
            switch self {
            case .f16: 16
            case .q8_0: 8.5
            case .q4_0: 4.5
            }
        }

        /// The same, rounded up.
        var bitsPerElement: Int { Int(exactBits.rounded(.up)) }
    }

    /// Options for a model, with the defaults for the rest.
    public init(modelPath: String) { self.modelPath = modelPath }

    /// The most slots: half of the sequences that llama.cpp can number. The others hold the prefixes of finished ones.
    public static let slotLimit = 128

    /// The longest context that is made without being asked for: a model trained with 128 k tokens would take
    /// gigabytes for a short answer.
    public static let defaultContextLimit = 8192

    /// Threads for a model: as asked, or one for each processor, and never more than there are processors. Threads that
    /// wait for each other spin: four on two processors were forty times slower than two.
    ///
    /// A model of a few megabytes computes a token in less time than threads take to meet, so it gets one: the embedded
    /// model of 6 MB gave 6,500 tokens a second with one thread and 3,500 to 4,500 with two.
    package func threads(for model: LlamaModel) -> Int {
        let processors = ProcessInfo.processInfo.activeProcessorCount
        return min(threads ?? (model.byteCount < 16 << 20 ? 1 : processors), processors)
    }

    /// Threads that compute a prompt, by the same rules.
    package func batchThreads(for model: LlamaModel) -> Int {
        batchThreads.map { min($0, ProcessInfo.processInfo.activeProcessorCount) } ?? threads(for: model)
    }

    /// The context's length for a model, in tokens.
    func contextLength(for model: LlamaModel) -> Int {
        let trained = max(model.trainedContextLength, 1)
        return switch contextLength {
        case nil: min(trained, contextLimit)
        case 0: trained
        case let length?: length
        }
    }

    /// The slots for a model.
    ///
    /// - Parameters:
    ///   - draftContextBytes: what each slot takes in the memory of the model that guesses.
    ///   - freeBytes: the memory that there is.
    func slotCount(for model: LlamaModel, draftContextBytes: Int, freeBytes: Int) -> Int {
        if let slotCount { return slotCount }
        let bytes = contextByteCount(of: model) + draftContextBytes
        return max(1, min(8, freeBytes / 4 / max(1, bytes)))
    }

    /// About how many bytes the keys and values of one slot take, for a model.
    func contextByteCount(of model: LlamaModel) -> Int {
        contextLength(for: model) * model.bytesPerToken(keys: keyType, values: valueType)
    }

    /// Checks every value that can be checked without the model.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest``, naming the parameter.
    public func validate() throws(GenerationError) {
        guard !load.isVocabularyOnly else {
            throw .invalid("load", "asks for the vocabulary only, which cannot generate")
        }
        try check("ctx_size", contextLength, in: 0...(1 << 24))
        guard contextLimit > 0 else { throw .invalid("ctx_limit", "must be more than 0") }
        try check("parallel", slotCount, in: 1...Self.slotLimit)
        guard gapTarget > .zero else { throw .invalid("gap_target", "must be more than 0") }
        guard queueRetry >= .zero else { throw .invalid("queue_retry", "must be 0 or more") }
        guard valueType == .f16 || flashAttention != false else {
            throw .invalid("cache_type_v", "of \(valueType.rawValue) needs flash attention, which is switched off")
        }
        guard prefixDirectoryLimit > 0 else { throw .invalid("cache_limit", "must be more than 0") }
        for setting in TunableSetting.all {
            guard case .number(let range) = setting.kind, case .number(let number) = setting.value(in: self) else {
                continue
            }
            try check(setting.name.replacing("-", with: "_"), number, in: range)
        }
        try check("queue_capacity", queueCapacity, in: 1...(1 << 20))
        try check("stream_capacity", streamCapacity, in: 1...(1 << 20))
    }

    private func check(_ name: String, _ value: Int?, in range: ClosedRange<Int>) throws(GenerationError) {
        guard let value, !range.contains(value) else { return }
        throw .invalid(name, "must be from \(range.lowerBound) to \(range.upperBound), but is \(value)")
    }
}
