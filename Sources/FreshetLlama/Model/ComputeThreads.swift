internal import CLlama

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

    deinit { if let handle { freshet_threads_free(handle) } }
}
