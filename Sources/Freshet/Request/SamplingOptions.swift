/// How the next token is chosen from a model's logits.
///
/// Names, meanings and defaults are llama.cpp's. Each stage has a value at which it does nothing, given with it.
/// Temperature 0, with a dynamic range of 0, takes the most likely of the candidates.
public struct SamplingOptions: Sendable, Hashable {
    /// One step of the chain that narrows and reshapes the candidates.
    public enum Stage: String, Sendable, Hashable, CaseIterable, Codable {
        /// Repetition, frequency and presence penalties.
        case penalties
        /// "Don't repeat yourself": penalises tokens that would extend a repeated sequence.
        case dry
        /// Keeps the tokens within n standard deviations of the best logit.
        case topNSigma = "top_n_sigma"
        /// Keeps the k best tokens.
        case topK = "top_k"
        /// Locally typical sampling.
        case typicalP = "typ_p"
        /// Nucleus sampling: the smallest set of best tokens whose probabilities reach p.
        case topP = "top_p"
        /// Keeps the tokens with at least p times the probability of the best.
        case minP = "min_p"
        /// "Exclude top choices": sometimes drops all but the least likely of the tokens over a threshold.
        case xtc
        /// Divides the logits by the temperature.
        case temperature
    }

    /// A target-surprise sampler that replaces every stage of the chain but the temperature, penalties included.
    public enum Mirostat: Int, Sendable, Hashable, CaseIterable {
        /// Truncate by the chain's stages.
        case off = 0
        /// Mirostat 1.0.
        case v1 = 1
        /// Mirostat 2.0.
        case v2 = 2
    }

    /// The seed of the draw; `nil` takes a fresh random one. The same seed, model, prompt and options give the same
    /// tokens on the same machine, if the prompt is computed in the same way: see
    /// ``GenerationRequest/reusesPrefix``.
    public var seed: UInt64?
    /// The order of the stages. Logit bias always comes first and the draw last. A stage left out is not applied.
    public var stages: [Stage] = Stage.defaultOrder
    /// Added to the logit of each listed token before anything else; minus infinity forbids a token.
    public var logitBias: [Token: Float] = [:]
    /// Whether end-of-generation tokens are forbidden, so that only a limit or a stop sequence ends the answer.
    public var ignoresEndOfGeneration = false
    /// Divides the logits: below 1 is safer, above 1 wilder, 0 is greedy.
    public var temperature: Float = 0.8
    /// Half the width of the interval of temperatures that follows the entropy of the candidates; 0 is off.
    public var dynamicTemperatureRange: Float = 0
    /// The exponent that maps normalised entropy to temperature.
    public var dynamicTemperatureExponent: Float = 1
    /// Keeps the k best tokens; 0 or less is off.
    public var topK = 40
    /// Keeps the best tokens until their probabilities reach p; 1 is off.
    public var topP: Float = 0.95
    /// Keeps tokens with at least p times the best token's probability; 0 is off.
    public var minP: Float = 0.05
    /// Keeps locally typical tokens until their probabilities reach p; 1 is off.
    public var typicalP: Float = 1
    /// Keeps tokens within n standard deviations of the best logit; 0 or less is off.
    public var topNSigma: Float = -1
    /// The chance that XTC acts on a token; 0 is off.
    public var xtcProbability: Float = 0
    /// The probability over which XTC counts a token among the top choices; over 0.5 is off.
    public var xtcThreshold: Float = 0.1
    /// The fewest candidates that a probability-based stage leaves; 0 means one.
    public var minKeep = 0
    /// How many of the last tokens, prompt included, the penalties look at; 0 is off, -1 the whole context.
    public var penaltyLastN = 64
    /// Divides the positive logits of seen tokens and multiplies the negative ones; 1 is off.
    public var repeatPenalty: Float = 1
    /// Taken from a seen token's logit for each time it was seen; 0 is off.
    public var frequencyPenalty: Float = 0
    /// Taken once from a seen token's logit; 0 is off.
    public var presencePenalty: Float = 0
    /// The strength of DRY; 0 is off.
    public var dryMultiplier: Float = 0
    /// The base of DRY's penalty, raised to the length of the repeat beyond the allowed length.
    public var dryBase: Float = 1.75
    /// The longest repeat that DRY lets pass.
    public var dryAllowedLength = 2
    /// How many of the last tokens DRY looks at; 0 is off, -1 the whole context.
    public var dryPenaltyLastN = 64
    /// Texts at which DRY starts anew; no more, and no longer, than ``drySequenceBreakerLimits`` says.
    public var drySequenceBreakers = ["\n", ":", "\"", "*"]
    /// Which mirostat replaces the truncating stages.
    public var mirostat = Mirostat.off
    /// The surprise that mirostat aims at, in bits.
    public var mirostatTau: Float = 5
    /// How fast mirostat learns.
    public var mirostatEta: Float = 0.1

    /// The most texts at which DRY may start anew, and the most UTF-8 bytes of each: every one of them is looked up in
    /// the whole vocabulary.
    public static let drySequenceBreakerLimits = (count: 32, bytes: 1024)

    /// llama.cpp's defaults, with a fresh seed.
    public init() {}

    /// The most likely token every time.
    public static var greedy: SamplingOptions {
        var options = SamplingOptions()
        options.temperature = 0
        return options
    }

    /// Checks every value.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest``, naming the parameter.
    public func validate() throws(GenerationError) {
        try check("temperature", temperature, atLeast: 0)
        try check("dynatemp_range", dynamicTemperatureRange, atLeast: 0)
        try check("dynatemp_exponent", dynamicTemperatureExponent, atLeast: 0)
        try check("top_p", topP, in: 0...1)
        try check("min_p", minP, in: 0...1)
        try check("typical_p", typicalP, in: 0...1)
        try check("xtc_probability", xtcProbability, in: 0...1)
        try check("xtc_threshold", xtcThreshold, in: 0...1)
        try check("frequency_penalty", frequencyPenalty, in: -100...100)
        try check("presence_penalty", presencePenalty, in: -100...100)
        try check("dry_multiplier", dryMultiplier, atLeast: 0)
        try check("dry_base", dryBase, atLeast: 0)
        try check("mirostat_tau", mirostatTau, atLeast: 0)
        try check("mirostat_eta", mirostatEta, in: 0...1)
        guard topNSigma.isFinite else { throw .invalid("top_n_sigma", "must be a finite number") }
        guard repeatPenalty.isFinite, repeatPenalty > 0 else {
            throw .invalid("repeat_penalty", "must be more than 0, but is \(repeatPenalty)")
        }
        guard minKeep >= 0 else { throw .invalid("min_keep", "must be 0 or more, but is \(minKeep)") }
        guard penaltyLastN >= -1 else { throw .invalid("repeat_last_n", "must be -1 or more, but is \(penaltyLastN)") }
        guard dryPenaltyLastN >= -1 else {
            throw .invalid("dry_penalty_last_n", "must be -1 or more, but is \(dryPenaltyLastN)")
        }
        guard dryAllowedLength >= 0 else {
            throw .invalid("dry_allowed_length", "must be 0 or more, but is \(dryAllowedLength)")
        }
        let (limits, breakers) = (Self.drySequenceBreakerLimits, drySequenceBreakers)
        guard breakers.count <= limits.count else {
            throw .invalid(
                "dry_sequence_breakers", "may hold at most \(limits.count) texts, but holds \(breakers.count)")
        }
        if let long = breakers.first(where: { $0.utf8.count > limits.bytes }) {
            throw .invalid(
                "dry_sequence_breakers", "holds a text of \(long.utf8.count) bytes; \(limits.bytes) is the most")
        }
        guard Set(stages).count == stages.count else { throw .invalid("samplers", "names a stage twice") }
        if let bias = logitBias.values.first(where: { $0.isNaN || $0 == .infinity }) {
            throw .invalid("logit_bias", "must be finite or minus infinity, but is \(bias)")
        }
    }

    private func check(_ name: String, _ value: Float, in range: ClosedRange<Float>) throws(GenerationError) {
        guard range.contains(value) else {
            throw .invalid(name, "must be from \(range.lowerBound) to \(range.upperBound), but is \(value)")
        }
    }

    private func check(_ name: String, _ value: Float, atLeast bound: Float) throws(GenerationError) {
        guard value.isFinite, value >= bound else { throw .invalid(name, "must be \(bound) or more, but is \(value)") }
    }
}

extension SamplingOptions.Stage {
    /// llama.cpp's order.
    public static let defaultOrder: [SamplingOptions.Stage] = [
        .penalties, .dry, .topNSigma, .topK, .typicalP, .topP, .minP, .xtc, .temperature,
    ]
}
