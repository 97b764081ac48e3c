package import Freshet

/// Runs generations on a thread of its own, over one backend.
///
/// llama.cpp's rule is that a context is used from one thread at a time, and `llama_decode` blocks for as long as it
/// computes. The engine keeps the rule by confinement: the backend is made on the engine's thread, is not `Sendable`,
/// and is freed there; everything else talks to the thread through a queue and through streams.
///
/// Dropping the last reference, those of streams included, shuts the engine down.
package final class InferenceEngine: Sendable {
    private let configuration: Configuration
    private let queue: EngineQueue
    private let ended: ThreadEnd

    /// The most tokens of prompt and answer together.
    package let contextLength: Int

    /// The generations that run side by side at most.
    var slotCount: Int { configuration.slotCount }

    /// How an engine is set up.
    package struct Configuration: Sendable {
        /// The name that chunks carry.
        package var model: String
        /// Generations that run side by side.
        package var slotCount = 1
        /// Requests that may wait for a slot.
        package var queueCapacity = 32
        /// Chunks that may wait for a slow reader before its generation pauses.
        package var streamCapacity = 64
        /// When a request that finds the queue full is told to try again.
        package var queueRetry = Duration.seconds(1)
        /// The longest gap that running streams are to see while prompts are computed beside them.
        package var gapTarget = Duration.milliseconds(100)
        /// The folder in which prefixes outlive the process.
        package var prefixStore: PrefixStore?
        /// Makes what computes the guesses of a smaller model, on the engine's thread, beside the backend whose answers it
        /// guesses; `nil` where there is none.
        package var makeDraftBackend: (@Sendable (any Backend) throws(GenerationError) -> any Backend)?
        /// Tokens below this are the same in both models.
        package var draftVocabularySize = 0
        /// This engine's turns to compute, where another one does too.
        package var turns: ComputeTurns.Place?
        /// Whether prompts are computed in pieces of a whole batch, whoever waits for it.
        package var cutsEvenly = false
        /// The clock, which a test can hold in its hand.
        package var now: @Sendable () -> ContinuousClock.Instant = { .now }
        /// Is called on the engine's thread after each turn of its loop, so that a test can look into it.
        var onTurn: (@Sendable (EngineLoop) -> Void)?

        /// The defaults.
        package init(model: String) { self.model = model }
    }

    /// Starts an engine.
    ///
    /// - Parameter makeBackend: makes the backend, on the engine's thread.
    /// - Throws: what `makeBackend` throws.
    package static func start(
        _ configuration: Configuration, makeBackend: @escaping @Sendable () throws(GenerationError) -> any Backend
    ) async throws(GenerationError) -> InferenceEngine {
        let queue = EngineQueue(capacity: configuration.queueCapacity, retryAfter: configuration.queueRetry)
        let ended = ThreadEnd()
        let contextLength: Result<Int, GenerationError> = await withCheckedContinuation { continuation in
            do throws(GenerationError) {
                try DedicatedThread.start(named: "freshet-engine") {
                    defer { ended.signal() }
                    do throws(GenerationError) {
                        let backend = try makeBackend()
                        let loop = EngineLoop(
                            backend: backend, drafter: try configuration.makeDrafter(beside: backend),
                            configuration: configuration, queue: queue)
                        continuation.resume(returning: .success(backend.contextLength))
                        loop.run()
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return InferenceEngine(configuration, queue: queue, ended: ended, contextLength: try contextLength.get())
    }

    private init(_ configuration: Configuration, queue: EngineQueue, ended: ThreadEnd, contextLength: Int) {
        self.queue = queue
        self.ended = ended
        self.contextLength = contextLength
        self.configuration = configuration
    }

    deinit { queue.close() }

    /// Lets a request run as soon as there is a slot.
    ///
    /// - Parameters:
    ///   - request: a valid request.
    ///   - tokens: its prompt.
    ///   - form: how its answers are written; `nil` where they are only text.
    ///   - constraint: what its answers have to obey.
    ///   - manifest: what the answers' manifest says beside their tokens, with a place for each; `nil` gives none.
    ///   - onToken: is called on the engine's thread with each token of every choice.
    /// - Returns: the stream of its answer.
    /// - Throws: ``GenerationError`` when the prompt is empty or does not fit, or the queue is full.
    package func submit(
        _ request: GenerationRequest, tokens: [Token], form: AnswerForm? = nil, constraint: Constraint? = nil,
        manifest: Manifest? = nil, onToken: TokenWatch? = nil
    ) throws(GenerationError) -> ChunkStream {
        guard !tokens.isEmpty else {
            throw .invalid("prompt", "is empty, and this model has no token to begin with")
        }
        guard tokens.count <= contextLength else {
            throw .promptTooLong("\(tokens.count)", contextLength: contextLength)
        }
        // The closures keep the engine alive for as long as somebody reads.
        let ticket = queue.nextTicket()
        let (stream, writer) = ChunkStream.makeStream(
            capacity: configuration.streamCapacity, onRoom: { self.queue.knock() },
            onCancel: { self.queue.leave(ticket) })
        let answers = AnswerStream(
            request, ticket: ticket, promptCount: tokens.count, model: configuration.model, writer: writer,
            manifest: manifest, onToken: onToken, now: configuration.now)
        try queue.add(
            Submission(request: request, tokens: tokens, answers: answers, form: form, constraint: constraint))
        return stream
    }

    /// Takes out what memory holds of a text's beginning, as one block that begins at 0. What runs waits meanwhile.
    ///
    /// - Returns: `nil` when it holds nothing of it.
    /// - Throws: ``GenerationError``.
    func state(of tokens: [Token]) async throws(GenerationError) -> PrefixBlock? {
        try await withCheckedContinuation { continuation in
            run(.save(tokens) { continuation.resume(returning: $0) })
        }.get()
    }

    /// Puts such a block into memory, where later prompts find it.
    ///
    /// - Returns: whether it is there; not where it is of another kind of memory, or there is no room.
    /// - Throws: ``GenerationError``.
    func restore(_ block: PrefixBlock) async throws(GenerationError) -> Bool {
        try await withCheckedContinuation { continuation in
            run(.restore(block) { continuation.resume(returning: $0) })
        }.get()
    }

    private func run(_ errand: MemoryErrand) {
        do throws(GenerationError) { try queue.add(errand) } catch { errand.refuse(error) }
    }

    /// Ends what runs and what waits, as failed with `shuttingDown`, and waits until the backend is freed.
    package func shutDown() async {
        queue.close()
        await ended.wait()
        await configuration.prefixStore?.close()
    }
}

extension InferenceEngine.Configuration {
    /// What drafts, where there is a model for it.
    fileprivate func makeDrafter(beside backend: any Backend) throws(GenerationError) -> ModelDrafter? {
        guard let makeDraftBackend else { return nil }
        return ModelDrafter(
            try makeDraftBackend(backend), slotCount: slotCount, vocabularySize: draftVocabularySize, now: now)
    }
}

extension GenerationError {
    /// The error for a prompt of so many tokens, in words.
    static func promptTooLong(_ count: String, contextLength: Int) -> GenerationError {
        GenerationError(
            .promptTooLong,
            "The prompt has \(count) tokens, but the context holds \(contextLength): shorten the prompt, or ask for a "
                + "longer context.", parameter: "prompt")
    }
}
