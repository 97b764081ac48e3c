internal import Freshet

/// Computes vectors on a thread of its own, over one backend.
///
/// The thread and the backend are made when they are first needed: a server that is never asked for a vector has no
/// memory taken for them. llama.cpp's rule that one thread at a time uses a context is kept as ``InferenceEngine``
/// keeps it: the backend is made, used and freed on the thread. Dropping the last reference ends the thread.
final class EmbeddingEngine: Sendable {
    private let queue: EmbeddingQueue
    private let ended = ThreadEnd()
    private let makeBackend: @Sendable () throws(GenerationError) -> any EmbeddingBackend
    private let now: @Sendable () -> ContinuousClock.Instant

    /// An engine that computes nothing yet.
    ///
    /// - Parameters:
    ///   - capacity: the most requests that may wait or be computed; more are refused with
    ///     ``GenerationError/Code/overloaded``.
    ///   - retryAfter: when such a request is told to try again.
    ///   - makeBackend: makes the backend, on the engine's thread; asked again after a failure.
    init(
        capacity: Int, retryAfter: Duration, limits: EmbeddingBatch.Limits,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        makeBackend: @escaping @Sendable () throws(GenerationError) -> any EmbeddingBackend
    ) {
        queue = EmbeddingQueue(capacity: capacity, retryAfter: retryAfter, limits: limits, now: now)
        (self.now, self.makeBackend) = (now, makeBackend)
    }

    deinit { queue.close() }

    /// Computes a vector for each text.
    ///
    /// - Parameters:
    ///   - texts: the request's texts as tokens, each of one at least and of no more than the backend takes.
    ///   - submitted: from when the request's deadline counts.
    /// - Throws: ``GenerationError``.
    func vectors(
        of request: EmbeddingRequest, texts: [[Token]], submitted: ContinuousClock.Instant
    ) async throws(GenerationError) -> [[Float]] {
        try await queue.vectors(of: request, texts: texts, submitted: submitted) {
            [queue, ended, makeBackend] () throws(GenerationError) in
            try DedicatedThread.start(named: "freshet-embed") {
                Self.work(queue, makeBackend)
                if queue.isEnding { ended.signal() }
            }
        }
    }

    private static func work(
        _ queue: EmbeddingQueue, _ makeBackend: () throws(GenerationError) -> any EmbeddingBackend
    ) {
        do throws(GenerationError) {
            let backend = try makeBackend()
            while let batch = queue.nextBatch() {
                do throws(GenerationError) {
                    let texts = batch.items.map(\.tokens)
                    guard let vectors = try backend.embed(texts, shouldInterrupt: { queue.isAbandoned(batch) }) else {
                        // Nobody waits for these any more.
                        queue.fail(batch, GenerationError(.cancelled, "The request was cancelled."))
                        continue
                    }
                    queue.finish(batch, vectors)
                } catch {
                    queue.fail(batch, error)
                }
            }
        } catch {
            queue.fail(error)
        }
    }

    /// The requests that wait or are computed, for tests.
    var waitingCount: Int { queue.count }

    /// Ends what waits, as failed with `shuttingDown`, and waits until the backend is freed.
    func shutDown() async {
        if queue.close() { await ended.wait() }
    }
}
