package import Freshet

/// A token that may be chosen, and how likely that is.
package struct Candidate: Sendable, Hashable {
    /// The token.
    package var token: Token
    /// Its probability among the candidates, from 0 to 1.
    package var probability: Float
}

/// Chooses tokens from a model's logits as ``SamplingOptions`` say: logit bias, then the stages in their order, then
/// the draw. The stages are llama.cpp's, and tests compare each of them with llama.cpp's own.
///
/// One sequence owns a sampler, and uses it from one thread at a time. All memory is taken in `init`.
///
/// ```swift
/// for token in prompt { sampler.accept(token) }
/// while let token = sampler.sample(logits) {  // nil: nothing can be chosen
///     sampler.accept(token)
///     …
/// }
/// ```
///
/// **The draw.** One number u from 0 up to 1 is taken from ``RandomSource``, started with the seed. The candidates are
/// put in order, likeliest first and equal ones by token, and the first at which their summed probability reaches u is
/// chosen. A single candidate is chosen without a number, so greedy sampling takes none. XTC takes one number before,
/// in its place in the chain, wherever it is on and there are two candidates.
///
/// **With a grammar** the token that was chosen is looked at first, and nothing else is done where the grammar takes it.
/// Where it is refused, every token that the grammar refuses is taken away before the stages, and another is chosen. So a
/// token t has the probability p(t) + r · q(t), with p what the stages leave without the grammar, r the part of it that
/// the grammar refuses, and q what the stages leave of the tokens that it takes. Where stages only reshape (penalties,
/// temperature) that is q(t), as if the others had been taken away at once; where they cut, tokens that the model likes
/// enough to survive the cut without the grammar are a little more likely than in q. llama.cpp's programs do the same.
///
/// **Unusable logits.** NaN and minus infinity mean that a token cannot be chosen, and plus infinity is taken for the
/// largest float.
package final class Sampler {
    /// The seed that is used: the one asked for, or else the random one that was taken.
    package let seed: UInt64

    private let options: SamplingOptions
    private let vocabularySize: Int
    private let stages: [SamplingOptions.Stage]
    private let bias: [(token: Token, value: Float)]
    private var penalties: Penalties?
    private var dry: DRY?
    /// Internal for tests, which let it learn from another's choice.
    var mirostat: Mirostat?
    private var random: RandomSource
    private var candidates: Candidates
    private var matcher: GrammarMatcher?

    /// Makes a sampler that has seen no token.
    ///
    /// - Parameters:
    ///   - options: how to choose; valid, as ``SamplingOptions/validate()`` says.
    ///   - vocabularySize: how many logits there will be each time, at least one.
    ///   - contextLength: how far back a penalty looks that is to look at the whole context.
    ///   - endOfGeneration: the tokens to forbid when the options ignore the end of generation.
    ///   - suppressed: the tokens to forbid whatever the options say.
    ///   - breakers: where DRY starts anew; asked for only when DRY is on.
    package init(
        options: SamplingOptions, vocabularySize: Int, contextLength: Int, endOfGeneration: [Token],
        suppressed: [Token] = [], breakers: () -> SequenceBreakers = { SequenceBreakers() }
    ) {
        seed = options.seed ?? .random(in: .min ... .max)
        random = RandomSource(seed: seed)
        self.options = options
        self.vocabularySize = vocabularySize
        candidates = Candidates(capacity: vocabularySize)

        var bias = options.logitBias
        let forbidden = options.ignoresEndOfGeneration ? suppressed + endOfGeneration : suppressed
        for token in forbidden { bias[token] = -.infinity }
        self.bias = bias.map { ($0.key, $0.value) }.filter { 0..<Token(vocabularySize) ~= $0.token }

        mirostat = Mirostat(options)
        stages = mirostat == nil ? options.stages.filter(options.isActive) : [.temperature]
        if stages.contains(.penalties) {
            penalties = Penalties(options, vocabularySize: vocabularySize, contextLength: contextLength)
        }
        if stages.contains(.dry) {
            dry = DRY(
                options, vocabularySize: vocabularySize, contextLength: contextLength, breakers: breakers)
        }
    }

    /// Takes a token of the sequence, of the prompt or chosen, into the history that the penalties look at. A token
    /// that is not in the vocabulary is passed over.
    package func accept(_ token: Token) {
        guard 0..<Token(vocabularySize) ~= token else { return }
        penalties?.accept(token)
        dry?.accept(token)
        matcher?.accept(token)
    }

    /// Lets the tokens that are accepted from now on be an answer that obeys a grammar, and none be chosen that does not;
    /// `nil` lets any be chosen.
    package func follow(_ matcher: GrammarMatcher?) { self.matcher = matcher }

    /// Whether the grammar is complete, so that no token can follow.
    package var isComplete: Bool { matcher?.isComplete ?? false }

    /// Why no token can be chosen, after ``sample(_:)`` found none.
    package var refusal: GenerationError {
        matcher.map { $0.failure ?? $0.deadEnd }
            ?? GenerationError(
                .engineFailed, "No token can be chosen: the model's logits are not numbers, or all are forbidden.")
    }

    /// Chooses the next token; ``accept(_:)`` is left to the caller, who may want to reject it.
    ///
    /// - Parameter logits: one for each token of the vocabulary. They are only read, and stay as the model gave them
    ///   for whoever wants log-probabilities.
    /// - Returns: the token; `nil` when no token can be chosen because every logit is NaN or minus infinity, or because
    ///   the grammar takes none.
    package func sample(_ logits: UnsafeBufferPointer<Float>) -> Token? {
        guard let matcher else { return choose(logits) }
        let unlearnt = mirostat
        if let token = choose(logits), matcher.allows(token) { return token }
        // What is not taken teaches nothing.
        mirostat = unlearnt
        if matcher.isBroad, let token = chooseLikely(logits, matcher) { return token }
        let allowed = matcher.allowedTokens()
        return matcher.failure == nil ? choose(logits, among: allowed) : nil
    }

    private func choose(_ logits: UnsafeBufferPointer<Float>, among allowed: TokenSet? = nil) -> Token? {
        narrow(logits, to: allowed)
        return draw()
    }

    /// What ``choose(_:among:)`` would choose of all tokens that a grammar takes, where as many as top-k leaves are among the
    /// likeliest; `nil` where they are not, or another stage that looks at all tokens comes first. Where the grammar takes
    /// most tokens, a few looks at it take the place of finding them all.
    private func chooseLikely(_ logits: UnsafeBufferPointer<Float>, _ matcher: GrammarMatcher) -> Token? {
        guard let cut = stages.firstIndex(of: .topK), options.topK < vocabularySize,
            stages[..<cut].allSatisfy({ [.penalties, .dry].contains($0) })
        else { return nil }
        reset(to: logits)
        for stage in stages[..<cut] { apply(stage) }
        guard candidates.keepLargest(options.topK, where: matcher.allows), matcher.failure == nil else { return nil }
        for stage in stages[(cut + 1)...] { apply(stage) }
        return draw()
    }

    private func draw() -> Token? {
        let (_, total) = candidates.weigh()
        guard total > 0 else { return nil }
        let target = candidates.count > 1 ? random.nextUnit() * total : 0
        let place = candidates.place(reaching: target)
        mirostat?.learn(from: Float(Double(candidates.weights[place]) / total))
        return candidates.token(at: place)
    }

    /// What ``sample(_:)`` would draw from: the candidates that the chain leaves, likeliest first.
    ///
    /// It advances the random numbers that XTC takes, as ``sample(_:)`` does, and allocates. A grammar is not looked at.
    package func distribution(_ logits: UnsafeBufferPointer<Float>) -> [Candidate] {
        narrow(logits)
        let (_, total) = candidates.weigh()
        guard total > 0 else { return [] }
        let order = candidates.largest(candidates.count)
        return (0..<order.count).map { rank in
            let probability = Float(Double(candidates.weights[order[rank]]) / total)
            return Candidate(token: candidates.token(at: order[rank]), probability: probability)
        }
    }

    /// How likely a token is, and the likeliest ones, by the model's own logits: nothing of the chain counts.
    ///
    /// - Parameters:
    ///   - token: one of the vocabulary's.
    ///   - count: how many of the likeliest, best first and equal ones by token; fewer where fewer are possible.
    ///   - logits: as for ``sample(_:)``.
    package func likelihoods(
        of token: Token, top count: Int, in logits: UnsafeBufferPointer<Float>
    ) -> (token: TokenLikelihood, top: [TokenLikelihood]) {
        // As in `narrow`.
        precondition(logits.count == vocabularySize, "\(logits.count) logits for a vocabulary of \(vocabularySize)")
        guard let base = logits.baseAddress else { return (TokenLikelihood(token: token, logProbability: 0), []) }
        return candidates.likelihoods(of: token, top: count, in: base)
    }

    /// Makes every token a candidate, and applies the bias.
    private func reset(to logits: UnsafeBufferPointer<Float>) {
        // The backend's logits and the sampler's size both come from the model's vocabulary.
        precondition(logits.count == vocabularySize, "\(logits.count) logits for a vocabulary of \(vocabularySize)")
        guard let base = logits.baseAddress else { return }
        candidates.reset(to: base)
        if !bias.isEmpty {
            let logits = candidates.edit()
            for (token, value) in bias { logits[Int(token)] += value }
        }
    }

    /// Applies the bias and the stages.
    private func narrow(_ logits: UnsafeBufferPointer<Float>, to allowed: TokenSet? = nil) {
        reset(to: logits)
        if let allowed {
            candidates.keep(allowed)
            guard candidates.count > 0 else { return }
        }
        for stage in stages { apply(stage) }
        mirostat?.apply(to: &candidates, vocabularySize: vocabularySize)
    }

    private func apply(_ stage: SamplingOptions.Stage) {
        switch stage {
        case .penalties: penalties?.apply(to: &candidates)
        case .dry: dry?.apply(to: &candidates)
        case .topNSigma: candidates.topNSigma(options.topNSigma)
        case .topK: candidates.topK(options.topK)
        case .typicalP: candidates.typicalP(options.typicalP, minKeep: options.minKeep)
        case .topP: candidates.topP(options.topP, minKeep: options.minKeep)
        case .minP: candidates.minP(options.minP, minKeep: options.minKeep)
        case .xtc:
            guard candidates.nominalCount > 1, random.nextUnit() < Double(options.xtcProbability) else { return }
            candidates.xtc(threshold: options.xtcThreshold, minKeep: options.minKeep)
        case .temperature:
            if options.dynamicTemperatureRange > 0, mirostat == nil {
                candidates.dynamicTemperature(
                    center: options.temperature, range: options.dynamicTemperatureRange,
                    exponent: options.dynamicTemperatureExponent)
            } else {
                candidates.temperature(options.temperature)
            }
        }
    }
}

extension Sampler {
    /// Makes a sampler for a model's vocabulary.
    package convenience init(options: SamplingOptions, vocabulary: Vocabulary, contextLength: Int) {
        self.init(
            options: options, vocabularySize: vocabulary.count, contextLength: contextLength,
            endOfGeneration: vocabulary.endOfGeneration, suppressed: vocabulary.suppressed,
            breakers: { vocabulary.sequenceBreakers(options.drySequenceBreakers) })
    }
}

extension SamplingOptions {
    /// Whether a stage does anything with these values.
    fileprivate func isActive(_ stage: Stage) -> Bool {
        switch stage {
        case .penalties, .dry, .temperature: true
        case .topNSigma: topNSigma > 0
        case .topK: topK > 0
        case .typicalP: typicalP < 1
        case .topP: topP < 1
        case .minP: minP > 0
        case .xtc: xtcProbability > 0 && xtcThreshold <= 0.5
        }
    }
}
