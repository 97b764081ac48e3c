import Freshet

/// What `generate` and `chat` let a person choose about an answer, and `/set` lets them change.
struct AnswerOptions {
    /// How tokens are chosen.
    var sampling = SamplingOptions()
    /// The most tokens of an answer; -1 goes on to the end of the context.
    var maxTokens = -1
    /// The form that an answer is held to.
    var responseFormat = ResponseFormat.text
    /// Texts that end the answer.
    var stop: [String] = []
    /// The longest that an answer may take, in seconds; 0 is no limit.
    var deadline = 0.0
    /// The longest silence within an answer, in seconds; 0 is no limit.
    var idleTimeout = 0.0
    /// Whether an answer goes on at the end of the context.
    var shiftsContext = false
    /// Whether tokens are guessed and computed several at a time.
    var speculates = false
    /// How many of the likeliest tokens are told at each place, with their log-probabilities; -1 tells none, not even
    /// that of the token which was chosen.
    var logProbabilities = -1
    /// Tools, and the model's thoughts, in conversations.
    var conversation = ConversationOptions()
    /// Whether the answer depends on nothing but the request and the seed.
    var isReproducible = false
    /// Whether ``SamplingOptions/drySequenceBreakers`` holds the person's own, so that a further one is added to them.
    private var hasOwnBreakers = false

    /// A request for the continuation of a prompt.
    ///
    /// - Parameter tools: what the model may call, in a conversation.
    func request(for prompt: Prompt, tools: [Tool] = []) -> GenerationRequest {
        var request = GenerationRequest(
            prompt: prompt, sampling: sampling, maxTokens: maxTokens < 0 ? nil : maxTokens,
            responseFormat: responseFormat, stop: stop,
            deadline: deadline > 0 ? .seconds(deadline) : nil,
            idleTimeout: idleTimeout > 0 ? .seconds(idleTimeout) : nil, shiftsContext: shiftsContext,
            speculates: speculates, logProbabilities: logProbabilities < 0 ? nil : logProbabilities,
            isReproducible: isReproducible)
        if case .messages = prompt { conversation.apply(to: &request, tools: tools) }
        return request
    }
}

extension AnswerOptions {
    /// The options under their headings, with llama.cpp's names. Their ranges are those of
    /// `SamplingOptions.validate()`, said in the names that a person typed.
    static var groups: [OptionGroup<AnswerOptions>] {
        let sampling = (samplingOptions + penaltyOptions + dryOptions).map { $0.lifted(to: \AnswerOptions.sampling) }
        return [
            OptionGroup(title: "Answer", options: answerOptions),
            OptionGroup(title: "Form of the answer (the last one given stands)", options: formatOptions),
            OptionGroup(title: "Sampling", options: sampling + [sequenceBreakerOption]),
            ConversationOptions.group.lifted(to: \.conversation),
        ]
    }

    private static var answerOptions: [Option<AnswerOptions>] {
        [
            .integer(
                "-n", "--n-predict", "--predict", in: -1...Int.max, path: \.maxTokens,
                help: "the most tokens to generate; -1 goes on to the end of the context"),
            .text(
                "-r", "--reverse-prompt", "--stop", placeholder: "TEXT",
                help: "end the answer before TEXT; may be given again",
                current: { $0.stop.map { "“\($0)”" }.joined(separator: " ") },
                set: { (values: inout AnswerOptions, text: String, name: String) throws(UsageError) in
                    guard !text.isEmpty else { throw UsageError(message: "\(name) needs a text that is not empty.") }
                    values.stop.append(text)
                }),
            .number(
                "--deadline", placeholder: "SECONDS", in: 0...1e9, path: \.deadline,
                help: "give up after this time and keep what has come; 0 is no limit"),
            .number(
                "--idle-timeout", placeholder: "SECONDS", in: 0...1e9, path: \.idleTimeout,
                help: "give up when nothing has come for this long, and keep what has; 0 is no limit"),
            .flag(
                "--context-shift", path: \.shiftsContext,
                help: "at the end of the context forget the older half of the text and go on, instead of ending there"),
            .flag(
                "--speculate", path: \.speculates,
                help:
                    "compute several tokens at a time where the answer repeats the prompt or itself; faster for edits, "
                    + "but where two tokens are nearly equally likely another may come from run to run"),
            .flag(
                "--reproducible", path: \.isReproducible,
                help: "the same tokens for the same seed whatever else runs, on this machine and with as many threads; "
                    + "slower, because nothing is computed together or taken from memory"),
            .integer(
                "--logprobs", in: -1...GenerationRequest.logProbabilityLimit, path: \.logProbabilities,
                help: "write each token on its own line with its log-probability, and with those of the N likeliest at "
                    + "its place; -1 is off"),
        ]
    }

    private static var samplingOptions: [Option<SamplingOptions>] {
        [
            .text(
                "-s", "--seed", placeholder: "N", help: "the seed of the draw; -1 takes a fresh one",
                current: { $0.seed.map(String.init) ?? "-1" }, set: setSeed),
            .number(
                "--temperature", "--temp", in: 0...Float.greatestFiniteMagnitude, path: \.temperature,
                help: "below 1 is safer, above 1 wilder, 0 takes the most likely token"),
            .integer("--top-k", in: Int.min...Int.max, path: \.topK, help: "keep the N best tokens; 0 is off"),
            .number(
                "--top-p", in: 0...1, path: \.topP, help: "keep the best tokens that reach probability X; 1 is off"),
            .number(
                "--min-p", in: 0...1, path: \.minP,
                help: "keep tokens with at least X of the best's probability; 0 is off"),
            .number(
                "--typical-p", "--typ-p", "--typical", in: 0...1, path: \.typicalP,
                help: "keep locally typical tokens that reach probability X; 1 is off"),
            .number(
                "--top-n-sigma", "--top-nsigma", in: -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude,
                path: \.topNSigma,
                help: "keep tokens within X standard deviations of the best logit; -1 is off"),
            .number(
                "--xtc-probability", in: 0...1, path: \.xtcProbability,
                help: "the chance to drop all top choices but the last; 0 is off"),
            .number(
                "--xtc-threshold", in: 0...1, path: \.xtcThreshold,
                help: "what counts as a top choice; over 0.5 is off"),
            .number(
                "--dynatemp-range", in: 0...Float.greatestFiniteMagnitude, path: \.dynamicTemperatureRange,
                help: "let the temperature vary by X with the entropy; 0 is off"),
            .number(
                "--dynatemp-exp", in: 0...Float.greatestFiniteMagnitude, path: \.dynamicTemperatureExponent,
                help: "the exponent that maps entropy to temperature"),
            .integer(
                "--mirostat", in: 0...2, path: \.mirostatVersion,
                help: "aim at a surprise instead of cutting: 0 is off, 1 and 2 are the versions"),
            .number(
                "--mirostat-eta", "--mirostat-lr", in: 0...1, path: \.mirostatEta, help: "how fast mirostat learns"),
            .number(
                "--mirostat-tau", "--mirostat-ent", in: 0...Float.greatestFiniteMagnitude, path: \.mirostatTau,
                help: "the surprise that mirostat aims at, in bits"),
            .text(
                "--samplers", placeholder: "LIST", help: "the stages in their order, with ; between them",
                current: { $0.stages.map(\.rawValue).joined(separator: ";") }, set: setStages),
            .text(
                "-l", "--logit-bias", placeholder: "TOKEN±BIAS",
                help: "add BIAS to a token's logit, as in 17+1 or 17-inf; may be given again",
                current: {
                    $0.logitBias.sorted { $0.key < $1.key }.map { "\($0)\($1 < 0 ? "" : "+")\($1)" }.joined(
                        separator: " ")
                },
                set: setBias),
            .flag("--ignore-eos", path: \.ignoresEndOfGeneration, help: "go on where the model would end its answer"),
        ]
    }

    private static var penaltyOptions: [Option<SamplingOptions>] {
        [
            .integer(
                "--repeat-last-n", in: -1...Int.max, path: \.penaltyLastN,
                help: "how many last tokens the penalties look at; 0 is off, -1 all"),
            .number(
                "--repeat-penalty", in: Float.leastNonzeroMagnitude...Float.greatestFiniteMagnitude,
                path: \.repeatPenalty,
                help: "divide the logits of seen tokens; 1 is off"),
            .number(
                "--presence-penalty", in: -100...100, path: \.presencePenalty,
                help: "take X from the logits of seen tokens; 0 is off"),
            .number(
                "--frequency-penalty", in: -100...100, path: \.frequencyPenalty,
                help: "take X for each time a token was seen; 0 is off"),
        ]
    }

    private static var dryOptions: [Option<SamplingOptions>] {
        [
            .number(
                "--dry-multiplier", in: 0...Float.greatestFiniteMagnitude, path: \.dryMultiplier,
                help: "how strongly DRY penalises repeated sequences; 0 is off"),
            .number(
                "--dry-base", in: 0...Float.greatestFiniteMagnitude, path: \.dryBase,
                help: "the base of DRY's penalty, raised to the repeat's length"),
            .integer(
                "--dry-allowed-length", in: 0...Int.max, path: \.dryAllowedLength,
                help: "the longest repeat that DRY lets pass"),
            .integer(
                "--dry-penalty-last-n", in: -1...Int.max, path: \.dryPenaltyLastN,
                help: "how many last tokens DRY looks at; 0 is off, -1 all"),
        ]
    }

    /// The one sampling option that must remember that it was given before.
    private static var sequenceBreakerOption: Option<AnswerOptions> {
        .text(
            "--dry-sequence-breaker", placeholder: "TEXT",
            help: "where DRY starts anew, instead of its own list; may be given again; none is an empty list",
            set: { (values: inout AnswerOptions, text: String, name: String) throws(UsageError) in
                guard !text.isEmpty else { throw UsageError(message: "\(name) needs a text that is not empty.") }
                if !values.hasOwnBreakers || text == "none" { values.sampling.drySequenceBreakers = [] }
                if text != "none" { values.sampling.drySequenceBreakers.append(text) }
                values.hasOwnBreakers = true
            })
    }

    private static func setSeed(_ values: inout SamplingOptions, _ text: String, _ name: String) throws(UsageError) {
        guard let seed = UInt64(text) else {
            guard text == "-1" else {
                throw UsageError(
                    message: "\(name) needs a whole number from 0 to \(UInt64.max), or -1, but got \(text.quoted).")
            }
            values.seed = nil
            return
        }
        values.seed = seed
    }

    private static func setStages(_ values: inout SamplingOptions, _ text: String, _ name: String) throws(UsageError) {
        typealias Stage = SamplingOptions.Stage
        var stages: [Stage] = []
        for word in text.split(whereSeparator: { $0 == ";" || $0 == "," }) {
            let plain = String(word.map { $0 == "-" ? "_" : $0 })
            guard let stage = Stage(rawValue: plain) else {
                let known = Stage.allCases.map(\.rawValue)
                let hint = known.nearest(to: plain).map { "did you mean \($0)?" }
                throw UsageError(
                    message: "\(name) has no stage \(String(word).quoted); "
                        + (hint ?? "the stages are \(known.joined(separator: ", "))."))
            }
            guard !stages.contains(stage) else { throw UsageError(message: "\(name) names \(plain) twice.") }
            stages.append(stage)
        }
        values.stages = stages
    }

    private static func setBias(_ values: inout SamplingOptions, _ text: String, _ name: String) throws(UsageError) {
        let complaint = UsageError(
            message:
                "\(name) needs a token's number, a sign and a bias, as in 17+1.5 or 17-inf, but got \(text.quoted).")
        guard let sign = text.firstIndex(where: { $0 == "+" || $0 == "-" }), let token = Token(text[..<sign]),
            token >= 0,
            let bias = Float(text[sign...]), !bias.isNaN, bias != .infinity
        else { throw complaint }
        values.logitBias[token] = bias
    }
}

extension SamplingOptions {
    /// Mirostat's version as a number, 0 for off. A number that is none of these changes nothing.
    fileprivate var mirostatVersion: Int {
        get { mirostat.rawValue }
        set { mirostat = Mirostat(rawValue: newValue) ?? mirostat }
    }
}
