internal import Freshet

/// One running request: the tokens so far, how the next one is picked, and the way from tokens to the reader.
struct Generation {
    /// The prompt, and after it every token picked.
    private(set) var tokens: [Token]
    /// How many of them are in the sequence's memory.
    private(set) var computed: Int

    private let submission: Submission
    private let promptCount: Int
    private let cached: Int
    private let contextLength: Int
    private let endOfGeneration: [Token]
    private let startedAt: ContinuousClock.Instant
    private let sampler: Sampler
    private var assembler = UTF8Assembler()
    private var stopFilter: StopSequenceFilter
    private var bytes: [UInt8] = []
    /// UTF-8 bytes of text written so far.
    private var emittedBytes = 0
    private var promptEndedAt: ContinuousClock.Instant?
    private var firstTokenAt: ContinuousClock.Instant?
    private(set) var isFinished = false

    /// Begins a request whose first `cached` tokens are in memory already.
    init(_ submission: Submission, cached: Int, backend: any Backend, startedAt: ContinuousClock.Instant) {
        self.submission = submission
        self.cached = cached
        self.startedAt = startedAt
        tokens = submission.tokens
        computed = cached
        promptCount = submission.tokens.count
        contextLength = backend.contextLength
        endOfGeneration = backend.endOfGeneration
        stopFilter = StopSequenceFilter(submission.request.stop)
        sampler = backend.makeSampler(submission.request.sampling)
        for token in tokens { sampler.accept(token) }
        write(.role(.assistant))
        reportProgress()
    }

    /// The stream's writing end.
    var writer: ChunkStream.Writer { submission.writer }

    /// When the stream must have ended.
    var deadline: ContinuousClock.Instant? { submission.deadline }

    /// Whether the deadline has come.
    func isExpired(at now: @autoclosure () -> ContinuousClock.Instant) -> Bool { submission.isExpired(at: now()) }

    /// What the generation could use a batch for.
    var demand: Scheduler.Demand {
        Scheduler.Demand(
            pendingTokens: tokens.count - computed, isPrompt: promptEndedAt == nil, hasRoom: writer.hasRoom, stream: 0,
            client: 0)
    }

    /// Says that a batch has put `count` more tokens into memory, but not yet the last one.
    mutating func advance(by count: Int) {
        computed += count
        reportProgress()
    }

    /// Says how much is in memory after a computation that was broken off.
    mutating func resume(from position: Int) {
        computed = min(max(position, cached), tokens.count)
    }

    /// Picks the next token and writes what it gives.
    mutating func step(_ logits: UnsafeBufferPointer<Float>, backend: any Backend, now: () -> ContinuousClock.Instant) {
        computed = tokens.count
        if promptEndedAt == nil {
            promptEndedAt = now()
            reportProgress()
        }
        guard submission.request.maxTokens.map({ generated < $0 }) ?? true else {
            return finish(.length, now: now())
        }
        guard let token = sampler.sample(logits) else {
            return fail(
                GenerationError(
                    .engineFailed, "No token can be chosen: the model's logits are not numbers, or all are forbidden."))
        }
        sampler.accept(token)
        tokens.append(token)
        if firstTokenAt == nil { firstTokenAt = now() }
        guard !endOfGeneration.contains(token) else { return finish(.stop, now: now()) }
        bytes.removeAll(keepingCapacity: true)
        backend.append(bytesOf: token, to: &bytes)
        let (text, stop) = stopFilter.process(assembler.append(bytes))
        if !text.isEmpty {
            write(.text(text))
            emittedBytes += text.utf8.count
        }
        if let stop { return finish(.stop, at: stop, now: now()) }
        if generated == submission.request.maxTokens || tokens.count > contextLength { finish(.length, now: now()) }
    }

    private var generated: Int { tokens.count - promptCount }

    /// Ends the stream with an error, after the text that was held back for a stop sequence that did not complete.
    mutating func fail(_ error: GenerationError) {
        let rest = stopFilter.finish()
        if !rest.isEmpty { write(.text(rest)) }
        writer.fail(error)
    }

    /// Ends the stream well: what was held back, the finish, and the cost.
    private mutating func finish(_ reason: FinishReason, at stop: String? = nil, now: ContinuousClock.Instant) {
        var undecodable = assembler.finish()
        let rest = stopFilter.finish()
        if stop == nil, !rest.isEmpty { write(.text(rest)) }
        // The answer ends where the stop sequence began; what came with it or after it is no part of the answer.
        if stop != nil { undecodable.removeAll { $0.offset > emittedBytes } }
        write(.finish(Finish(reason, stopSequence: stop, undecodable: undecodable)))
        let promptEnd = promptEndedAt ?? now
        let timings = Timings(
            prompt: promptEnd - startedAt, decode: now - promptEnd,
            firstToken: firstTokenAt.map { $0 - submission.submittedAt })
        let usage = Usage(promptTokens: promptCount, completionTokens: generated, cachedTokens: cached)
        write(.end(usage, timings))
        isFinished = true
    }

    private func reportProgress() {
        guard submission.request.reportsProgress, generated == 0 else { return }
        write(.progress(PromptProgress(processed: min(computed, promptCount), cached: cached, total: promptCount)))
    }

    private func write(_ content: Chunk.Content) { writer.write(submission.identity.chunk(content)) }
}
