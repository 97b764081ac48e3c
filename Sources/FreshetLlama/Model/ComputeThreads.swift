internal import CLlama
internal import Freshet
internal import Glibc

/// Threads that compute for the contexts of one model, which take turns: see ``ComputeTurns``.
///
/// Every context that computes with them keeps a reference, and the last one ends them.
final class ComputeThreads: @unchecked Sendable {
    // Sendable: the handle never changes, and the threads take one computation at a time, which the turns see to.

    /// The handle at the C boundary; `nil` where a context had better compute without.
    let handle: OpaquePointer?

    /// Starts as many threads as compute a token or a prompt of a model.
    init(for model: LlamaModel, _ options: LlamaOptions) {
        handle = freshet_threads_new(
            Int32(clamping: max(options.threads(for: model), options.batchThreads(for: model))))
    }

    /// Waits until the threads of another context, which has computed just before, have come to rest: they look out for
    /// work for a good 0.1 s before they sleep, and would take the processors from whoever computes next. Blocks.
    ///
    /// - Parameter isAlone: whether that context has one thread, which looks out for nothing.
    /// - Throws: ``GenerationError`` with code `cancelled` when told to stop.
    static func rest(isAlone: Bool, shouldStop: () -> Bool) throws(GenerationError) {
        for _ in 0..<(isAlone ? 1 : 5) {
            guard !shouldStop() else { throw GenerationError(.cancelled, "Measuring was stopped.") }
            if !isAlone { usleep(50_000) }
        }
    }

    deinit { if let handle { freshet_threads_free(handle) } }
}
