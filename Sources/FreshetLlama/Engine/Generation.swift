internal import Freshet

/// One choice of a running request: the tokens so far, how the next one is picked, and the way from tokens to the
/// reader.
///
/// It belongs to the engine's thread, and to the one slot that it runs in.
final class Generation {
    /// The prompt, and after it every token picked; without those that a context shift has taken out.
    private(set) var tokens: [Token]
    /// How many of them are in the sequence's memory.
    private(set) var computed = 0
    /// Whether the choice has been answered to its end.
    private(set) var isFinished = false
    /// Whether memory is full and tokens have to be taken out before the next one is computed.
    private(set) var needsShift = false

    /// The request.
    let request: GenerationRequest
    /// The stream that it shares with the request's other choices.
    let answers: AnswerStream
    private let choice: Int
    private let promptCount: Int
    private let contextLength: Int
    private let endOfGeneration: [Token]
    private let sampler: Sampler
    /// What the answer is expected to go on with; `nil` where nothing is to be computed ahead.
    private var speculation: Speculation?
    private var cached = 0
    private var generated = 0
    private var isPromptComputed = false
    private var assembler = UTF8Assembler()
    private var stopFilter: StopSequenceFilter
    /// The control tokens that are text.
    private let shown: Set<Token>
    /// Tells the text apart, where it is more than text.
    private let reader: (any AnswerReader)?
    private var thinking: ThinkingTracker?
    private var hasCalls = false
    /// What the answer has to obey.
    private let constraint: Constraint?
    private let isObeyedWhileThinking: Bool
    /// What the answer obeys until its text may begin.
    private var opening: GrammarMatcher?
    private var bytes: [UInt8] = []
    /// UTF-8 bytes of text decoded so far, and of those the written ones.
    private var decodedBytes = 0
    private var emittedBytes = 0
    private var logProbabilities = LogProbabilityLine()

    /// Makes a choice of a request ready. Nothing is written before ``begin(cached:)``.
    init(_ submission: Submission, choice: Int, backend: any Backend) {
        self.choice = choice
        request = submission.request
        answers = submission.answers
        tokens = submission.tokens
        promptCount = submission.tokens.count
        contextLength = backend.contextLength
        endOfGeneration = backend.endOfGeneration
        let form = submission.form
        stopFilter = StopSequenceFilter(request.stop + (form?.stops ?? []))
        shown = form?.shown ?? []
        reader = form?.makeReader(choice)
        thinking = form?.thinking
        var sampling = request.sampling
        sampling.seed = sampling.seed.map { $0 &+ UInt64(choice) }
        sampler = backend.makeSampler(sampling)
        for token in tokens { sampler.accept(token) }
        if request.speculates, backend.canRetract { speculation = Speculation(contextLength: contextLength) }
        constraint = submission.constraint
        isObeyedWhileThinking = form?.isObeyedWhileThinking ?? false
        if let opening = form?.opening, constraint != nil {
            let matcher = GrammarMatcher(opening, after: form?.begun ?? [])
            self.opening = matcher
            sampler.follow(matcher)
            open()
        } else {
            obey(after: form?.begun ?? [])
        }
    }

    /// Lets the sampler follow what the text has to obey, once it may begin. There are no thoughts after that.
    private func open() {
        guard let opening, opening.wantsToken else { return }
        self.opening = nil
        thinking = nil
        sampler.follow(constraint.map { GrammarMatcher($0) })
    }

    /// Lets the sampler follow what the answer has to obey, or nothing while the model thinks.
    private func obey(after begun: [Token]) {
        guard let constraint else { return }
        guard isObeyedWhileThinking || thinking?.isThinking != true else { return sampler.follow(nil) }
        sampler.follow(GrammarMatcher(constraint, after: begun))
    }

    /// Whether this is the request's first choice.
    var isFirstChoice: Bool { choice == 0 }

    /// Whether the prompt is still being computed.
    var isInPrompt: Bool { !isPromptComputed }

    /// Tokens that are known and not yet in memory.
    var pending: ArraySlice<Token> { tokens[computed...] }

    /// How likely each token of its draft is to be drawn, together with all before it.
    var draftChances: [Double] { speculation?.chances ?? [] }

    /// The draft: what may follow the pending token.
    var draft: [Token] { speculation?.draft ?? [] }

    /// Looks for what may follow the token that was drawn last, where that can be of use.
    func prepareDraft() {
        // An earlier one does not follow what has been drawn since.
        speculation?.clear()
        if isPromptComputed, pending.count == 1, answers.writer.hasRoom {
            let limit = draftLimit
            speculation?.prepare(after: tokens, limit: limit)
        }
    }

    /// The most drafted tokens that can be of use: the last token of an answer, and the one that fills the context, have
    /// no use for logits after them.
    private var draftLimit: Int {
        max(min(request.maxTokens.map { $0 - generated } ?? .max, contextLength - tokens.count + 1) - 1, 0)
    }

    /// What a model that drafts is asked for; `nil` where its guesses would be of no use.
    ///
    /// - Parameter place: the generation's slot.
    func draftWish(place: Int) -> ModelDrafter.Wish? {
        guard let speculation, speculation.prefersModel, draftLimit > 0 else { return nil }
        return ModelDrafter.Wish(
            place: place, tokens: tokens, limit: draftLimit,
            avoided: request.sampling.ignoresEndOfGeneration ? endOfGeneration : [],
            acceptance: speculation.modelAcceptance)
    }

    /// Takes a model's guesses for the draft.
    func take(_ guesses: [ModelDrafter.Guess]) { speculation?.take(guesses) }

    /// Whether the token that was drawn last is the drafted one, so that the logits after that are the answer's next.
    func goesOn(with drafted: Token) -> Bool {
        // A reader that does not keep up, or has left, ends the batch for its stream as it would end before a token.
        !isFinished && !needsShift && tokens.last == drafted && answers.writer.hasRoom && !answers.writer.isEnded
    }

    /// Begins, with the first `cached` tokens of the prompt in memory.
    func begin(cached: Int) {
        self.cached = cached
        computed = cached
        answers.begin(choice: choice, cached: cached)
        reportProgress()
    }

    /// Says that a batch has put `count` more tokens into memory.
    func advance(by count: Int) {
        computed += count
        if computed < tokens.count { reportProgress() }
    }

    /// Says how much is in memory after a computation that was broken off.
    func resume(from position: Int) { computed = position }

    /// The tokens to take out when the context is full, so that the answer can go on: the older half of what follows
    /// the prompt's beginning, of which at most a quarter of the context is kept.
    var shiftRange: Range<Int> {
        let kept = min(promptCount, contextLength / 4)
        return kept..<kept + max(1, (contextLength - kept) / 2)
    }

    /// Takes out the tokens of ``shiftRange``.
    ///
    /// - Parameter computed: how many of the rest are in memory.
    func shift(computed: Int) {
        tokens.removeSubrange(shiftRange)
        speculation?.restart()
        self.computed = computed
        needsShift = false
    }

    /// Picks the next token and writes what it gives. Everything so far is in memory.
    ///
    /// - Throws: ``GenerationError`` when no token can be picked.
    func step(_ logits: UnsafeBufferPointer<Float>, backend: any Backend) throws(GenerationError) {
        if !isPromptComputed {
            isPromptComputed = true
            answers.endPrompt()
            reportProgress()
        }
        guard request.maxTokens.map({ generated < $0 }) ?? true else { return try finish(.length) }
        guard !sampler.isComplete else { return try finish(.stop) }
        guard let token = thinking?.forcedToken ?? sampler.sample(logits) else { throw sampler.refusal }
        sampler.accept(token)
        speculation?.observe(token)
        tokens.append(token)
        generated += 1
        answers.take(token, choice: choice) { sampler.likelihoods(of: $0, top: 0, in: logits).token.logProbability }
        guard !endOfGeneration.contains(token) else { return try finish(.stop) }
        bytes.removeAll(keepingCapacity: true)
        backend.append(bytesOf: token, showingControl: shown.contains(token), to: &bytes)
        let decoded = assembler.append(bytes)
        decodedBytes += decoded.utf8.count
        if let count = request.logProbabilities {
            logProbabilities.add(
                sampler.logProbability(of: token, top: count, in: logits, backend: backend, shown: shown),
                byteCount: bytes.count, decoded: decodedBytes, isHolding: assembler.isHolding)
        }
        think(decoded)
        open()
        let (text, stop) = stopFilter.process(decoded)
        if !text.isEmpty {
            try write(text)
            emittedBytes += text.utf8.count
        }
        write(logProbabilities.release(written: emittedBytes))
        if let stop { return try finish(.stop, at: stop) }
        if sampler.isComplete { return try finish(.stop) }
        if generated == request.maxTokens { return try finish(.length) }
        guard tokens.count > contextLength else { return }
        guard request.shiftsContext, contextLength > 1 else { return try finish(.length) }
        needsShift = true
    }

    /// Follows whether the model thinks.
    private func think(_ text: String) {
        let wasThinking = thinking?.isThinking
        if thinking?.accept(text: text, isWhole: !assembler.isHolding) == true { answers.countThought() }
        // What begins or ends the thoughts is itself no part of what is obeyed without them.
        if thinking?.isThinking != wasThinking, !isObeyedWhileThinking { obey(after: []) }
    }

    /// Writes the text that was held back for a stop sequence which did not complete, and all log-probabilities.
    func flush() {
        let rest = stopFilter.finish()
        // The stream ends with an error already; that its last words cannot be read either is no news.
        try? write(rest, isEnd: true)
        write(logProbabilities.finish(cutAt: nil))
    }

    /// Ends the choice well: what was held back, and the finish.
    private func finish(_ reason: FinishReason, at stop: String? = nil) throws(GenerationError) {
        var undecodable = assembler.finish()
        let rest = stopFilter.finish()
        try write(stop == nil ? rest : "", isEnd: true)
        // The answer ends where the stop sequence began; what came with it or after it is no part of the answer.
        if stop != nil { undecodable.removeAll { $0.offset > emittedBytes } }
        let length = stop.map { _ in undecodable.reduce(emittedBytes) { $0 + $1.bytes.count } }
        write(logProbabilities.finish(cutAt: length))
        // A stop of the template's own is a part of how its model ends an answer.
        let asked = stop.flatMap { request.stop.contains($0) ? $0 : nil }
        let reason = reason == .stop && asked == nil && hasCalls ? .toolCalls : reason
        answers.finish(Finish(reason, stopSequence: asked, undecodable: undecodable), choice: choice)
        isFinished = true
    }

    /// Writes the next piece of the text, told apart.
    private func write(_ text: String, isEnd: Bool = false) throws(GenerationError) {
        guard let reader else {
            if !text.isEmpty { write(.text(text)) }
            return
        }
        for content in try reader.read(text, isEnd: isEnd) {
            if case .toolCall = content { hasCalls = true }
            write(content)
        }
    }

    private func reportProgress() {
        guard request.reportsProgress, choice == 0, generated == 0 else { return }
        write(.progress(PromptProgress(processed: min(computed, promptCount), cached: cached, total: promptCount)))
    }

    private func write(_ entries: [TokenLogProbability]) {
        if !entries.isEmpty { write(.logProbabilities(entries)) }
    }

    private func write(_ content: Chunk.Content) { answers.write(content, choice: choice) }
}

extension Sampler {
    /// How likely a token and the likeliest ones are, with their bytes.
    fileprivate func logProbability(
        of token: Token, top count: Int, in logits: UnsafeBufferPointer<Float>, backend: any Backend, shown: Set<Token>
    ) -> TokenLogProbability {
        func candidate(_ likelihood: TokenLikelihood) -> TokenLogProbability.Candidate {
            var bytes: [UInt8] = []
            backend.append(
                bytesOf: likelihood.token, showingControl: shown.contains(likelihood.token), to: &bytes)
            return TokenLogProbability.Candidate(bytes: bytes, logProbability: likelihood.logProbability)
        }
        let likelihoods = likelihoods(of: token, top: count, in: logits)
        return TokenLogProbability(token: candidate(likelihoods.token), top: likelihoods.top.map(candidate))
    }
}
