internal import Foundation
public import Freshet

/// How the local engine is set up: which model, and how much of the machine it may use.
public struct LlamaOptions: Sendable {
    /// The GGUF file.
    public var modelPath: String
    /// The name under which chunks say they were made; `nil` takes the model's own.
    public var name: String?
    /// Tokens of prompt and answer together that one generation may have; 0 takes what the model was trained with,
    /// `nil` the same but at most ``defaultContextLimit``. There is memory for this many in each slot.
    public var contextLength: Int?
    /// Generations that run side by side; further ones wait.
    public var slotCount = 1
    /// Threads that compute one token; `nil` takes one for each processor that the process may use, and a single one
    /// for a model of a few megabytes.
    public var threads: Int?
    /// Threads that compute a prompt; `nil` takes as many as ``threads``.
    public var batchThreads: Int?
    /// Tokens of a prompt that are computed at once.
    public var batchSize = 512
    /// How the model's file is read.
    public var load = LlamaModel.LoadOptions()
    /// Requests that may wait for a slot; more are refused with
    /// ``GenerationError/Code/overloaded``.
    public var queueCapacity = 32
    /// Chunks that may wait for a slow reader before its sequence pauses.
    public var streamCapacity = 64

    /// Options for a model, with the defaults for the rest.
    public init(modelPath: String) { self.modelPath = modelPath }

    /// The longest context that is made without being asked for: a model trained with 128 k tokens would take
    /// gigabytes for a short answer.
    public static let defaultContextLimit = 8192

    /// Threads for a model: as asked, or one for each processor, and never more than there are processors. Threads that
    /// wait for each other spin: four on two processors were forty times slower than two.
    ///
    /// A model of a few megabytes computes a token in less time than threads take to meet, so it gets one: the embedded
    /// model of 6 MB gave 6,500 tokens a second with one thread and 3,500 to 4,500 with two.
    func threads(for model: LlamaModel) -> Int {
        let processors = ProcessInfo.processInfo.activeProcessorCount
        return min(threads ?? (model.byteCount < 16 << 20 ? 1 : processors), processors)
    }

    /// Threads that compute a prompt, by the same rules.
    func batchThreads(for model: LlamaModel) -> Int {
        batchThreads.map { min($0, ProcessInfo.processInfo.activeProcessorCount) } ?? threads(for: model)
    }

    /// The context's length for a model, in tokens.
    func contextLength(for model: LlamaModel) -> Int {
        let trained = max(model.trainedContextLength, 1)
        return switch contextLength {
        case nil: min(trained, Self.defaultContextLimit)
        case 0: trained
        case let length?: length
        }
    }

    /// Checks every value that can be checked without the model.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest``, naming the parameter.
    public func validate() throws(GenerationError) {
        guard !load.isVocabularyOnly else {
            throw .invalid("load", "asks for the vocabulary only, which cannot generate")
        }
        try check("ctx_size", contextLength, in: 0...(1 << 24))
        try check("parallel", slotCount, in: 1...256)
        try check("threads", threads, in: 1...512)
        try check("threads_batch", batchThreads, in: 1...512)
        try check("batch_size", batchSize, in: 1...65536)
        try check("queue_capacity", queueCapacity, in: 1...(1 << 20))
        try check("stream_capacity", streamCapacity, in: 1...(1 << 20))
    }

    private func check(_ name: String, _ value: Int?, in range: ClosedRange<Int>) throws(GenerationError) {
        guard let value, !range.contains(value) else { return }
        throw .invalid(name, "must be from \(range.lowerBound) to \(range.upperBound), but is \(value)")
    }
}
