internal import CLlama
package import Freshet

/// The least that an answer can cost with llama.cpp: its decoder and its own sampler in a loop in C, without engine,
/// stream and text. ``LlamaProvider``'s answers are measured against it.
package struct BareLoop: Sendable {
    private let model: LlamaModel
    private let options: LlamaOptions

    /// A loop over a loaded model, with the threads, batches and cache types of those options.
    package init(model: LlamaModel, options: LlamaOptions) { (self.model, self.options) = (model, options) }

    /// Computes a prompt and generates tokens behind it, on a thread of its own, in a context made for the purpose.
    ///
    /// - Parameters:
    ///   - prompt: at least one token of the vocabulary, and no more than ``LlamaOptions/batchSize``.
    ///   - count: tokens to generate; a token that ends generation ends nothing here.
    /// - Returns: the time from before the prompt to after the last token, and the part of it that was sampling.
    /// - Throws: `GenerationError` when the prompt cannot be computed, or the context's memory cannot be had; with code
    ///   `cancelled` before the next token when the task is cancelled.
    package func run(
        _ prompt: [Token], count: Int
    ) async throws(GenerationError) -> (total: Duration, sampling: Duration) {
        guard 1...options.batchSize ~= prompt.count, prompt.allSatisfy(model.vocabulary.contains) else {
            throw .invalid("prompt", "must hold from 1 to \(options.batchSize) tokens of the vocabulary")
        }
        let (model, options) = (model, options)
        let time = try await DedicatedThread.cancellableValue(named: "freshet-bare-loop") {
            cancellation throws(GenerationError) in
            try Self.run(prompt, count, model, options, cancellation)
        }
        return (.seconds(time.total), .seconds(time.sampling))
    }

    /// The same, blocking.
    private static func run(
        _ prompt: [Token], _ count: Int, _ model: LlamaModel, _ options: LlamaOptions, _ cancellation: Cancellation
    ) throws(GenerationError) -> freshet_bare_loop_time {
        let length = UInt32(clamping: prompt.count + count)
        // As llama.cpp's own programs do: without, every token would begin with starting threads.
        let threads = ComputeThreads(for: model, options)
        var parameters = options.contextParameters(for: model, length: length, sequences: 1)
        parameters.pool = threads.handle
        parameters.should_interrupt = { data in
            data.map { Unmanaged<Cancellation>.fromOpaque($0).takeUnretainedValue().isRequested } ?? false
        }
        parameters.interrupt_data = Unmanaged.passUnretained(cancellation).toOpaque()
        // An engine may just have answered.
        let isAlone = max(options.threads(for: model), options.batchThreads(for: model)) == 1
        try ComputeThreads.rest(isAlone: isAlone) { cancellation.isRequested }
        return try withExtendedLifetime((cancellation, threads)) { () throws(GenerationError) in
            try GenerationError.check("The bare loop failed") { failure in
                var time = freshet_bare_loop_time()
                let code = freshet_bare_loop(
                    model.handle, parameters, prompt, Int32(prompt.count), Int32(clamping: count), 1, &time, failure)
                return code == FRESHET_OK ? time : nil
            }
        }
    }
}
