package import Freshet

extension OpenAIRequest {
    /// Reads a request's body. That a value is in its range, the provider checks.
    ///
    /// - Parameter defaults: what stands where the body says nothing; its prompt is not used.
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest``, which names the field as OpenAI
    ///   does: `messages[1].role`.
    package init(
        body: some Collection<UInt8>, at endpoint: OpenAIEndpoint,
        defaults: GenerationRequest = GenerationRequest(prompt: .tokens([]))
    ) throws(GenerationError) {
        let text = body
        let body = JSONField(try JSONValue(json: body, of: "The request's body"))
        _ = try body.members()
        try Self.refuseWhatCannotBeDone(body, at: endpoint)
        var generation = defaults
        generation.prompt = try Self.prompt(body, at: endpoint)
        try Self.read(body, into: &generation)
        if let format = try Self.responseFormat(body, text: text) { generation.responseFormat = format }
        try Self.readConversation(body, text: text, into: &generation)
        try Self.read(body, into: &generation.sampling)
        generation.logProbabilities = try Self.logProbabilities(body, at: endpoint) ?? generation.logProbabilities
        self.init(
            generation, model: try body["model"]?.string(), streams: try body["stream"]?.bool() ?? false,
            includesUsage: try body["stream_options"]?["include_usage"]?.bool() ?? false)
    }

    private static func read(_ body: JSONField, into request: inout GenerationRequest) throws(GenerationError) {
        request.maxTokens = try tokenLimit(body) ?? request.maxTokens
        request.stop = try stops(body)
        if let field = body["deadline_ms"] { request.deadline = try field.milliseconds() }
        if let field = body["idle_timeout_ms"] { request.idleTimeout = try field.milliseconds() }
        request.choiceCount = try choiceCount(body) ?? request.choiceCount
        // OpenAI's newer name, and its older one.
        if let field = body["safety_identifier"] ?? body["user"] { request.client = try user(field) }
        if let field = body["weight"] { request.weight = try field.integer() }
        request.shiftsContext = try body["context_shift"]?.bool() ?? request.shiftsContext
        request.reportsProgress = try body["return_progress"]?.bool() ?? request.reportsProgress
        request.isReproducible = try body["reproducible"]?.bool() ?? request.isReproducible
        request.reusesPrefix = try body["cache_prompt"]?.bool() ?? request.reusesPrefix
        request.speculates = try body["speculate"]?.bool() ?? request.speculates
    }

    /// The most UTF-8 bytes of a `user`, such that a server has room for the caller in front of it.
    static let userLimit = 512

    /// Reads on whose behalf a request is made.
    static func user(_ field: JSONField) throws(GenerationError) -> String {
        let user = try field.string()
        guard user.utf8.count <= userLimit else {
            throw field.complaint("may have at most \(userLimit) UTF-8 bytes, but has \(user.utf8.count)")
        }
        return user
    }

    /// OpenAI's name, and llama.cpp's.
    static func choiceCount(_ body: JSONField) throws(GenerationError) -> Int? {
        try (body["n"] ?? body["n_cmpl"])?.integer()
    }

    /// OpenAI's newer name, its older one, and llama.cpp's, where -1 is no limit.
    private static func tokenLimit(_ body: JSONField) throws(GenerationError) -> Int? {
        for name in ["max_completion_tokens", "max_tokens"] {
            guard let field = body[name] else { continue }
            let limit: Int = try field.integer()
            guard limit >= 0 else { throw field.complaint("must be 0 or more, but is \(limit)") }
            return limit
        }
        guard let field = body["n_predict"] else { return nil }
        let limit: Int = try field.integer()
        guard limit >= -1 else { throw field.complaint("must be -1 or more, but is \(limit)") }
        return limit == -1 ? nil : limit
    }

    private static func stops(_ body: JSONField) throws(GenerationError) -> [String] {
        guard let field = body["stop"] else { return [] }
        switch field.value {
        case .string(let text): return text.isEmpty ? [] : [text]
        case .array: return try field.strings()
        default: throw field.mismatch("a string or a list of strings")
        }
    }

    private static func read(_ body: JSONField, into sampling: inout SamplingOptions) throws(GenerationError) {
        for (name, path) in OpenAISamplingField.numbers {
            if let field = body[name] { sampling[keyPath: path] = try field.float() }
        }
        for (name, path) in OpenAISamplingField.integers {
            if let field = body[name] { sampling[keyPath: path] = try field.integer() }
        }
        if let field = body["seed"] { sampling.seed = try seed(field) }
        if let field = body["ignore_eos"] { sampling.ignoresEndOfGeneration = try field.bool() }
        if let field = body["dry_sequence_breakers"] { sampling.drySequenceBreakers = try field.strings() }
        if let field = body["samplers"] { sampling.stages = try stages(field) }
        if let field = body["logit_bias"] { sampling.logitBias = try biases(field) }
        if let field = body["mirostat"] {
            guard let mirostat = SamplingOptions.Mirostat(rawValue: try field.integer()) else {
                throw field.complaint("must be 0, 1 or 2")
            }
            sampling.mirostat = mirostat
        }
    }

    /// Any 64 bits; -1 takes a fresh seed, as llama.cpp's server has it.
    private static func seed(_ field: JSONField) throws(GenerationError) -> UInt64? {
        let whole: Int128 = try field.integer()
        if let seed = UInt64(exactly: whole) { return seed }
        guard let seed = Int64(exactly: whole) else { throw field.complaint("must be a whole number of 64 bits") }
        return seed == -1 ? nil : UInt64(bitPattern: seed)
    }

    /// The stages' names in a list, or llama.cpp's letters for them in one text.
    private static func stages(_ field: JSONField) throws(GenerationError) -> [SamplingOptions.Stage] {
        if case .string(let letters) = field.value {
            return try letters.map { letter throws(GenerationError) in
                guard let stage = letterStages[letter] else {
                    throw field.complaint("has no stage for a letter; the letters are \(letterList)")
                }
                return stage
            }
        }
        return try field.items().map { item throws(GenerationError) in
            guard let stage = SamplingOptions.Stage(rawValue: try item.string()) else {
                let known = SamplingOptions.Stage.allCases.map(\.rawValue).joined(separator: ", ")
                throw item.complaint("names no stage; the stages are \(known)")
            }
            return stage
        }
    }

    private static let letterStages: [Character: SamplingOptions.Stage] = [
        "e": .penalties, "d": .dry, "s": .topNSigma, "k": .topK, "y": .typicalP, "p": .topP, "m": .minP, "x": .xtc,
        "t": .temperature,
    ]

    private static let letterList = letterStages.keys.sorted().map(String.init).joined(separator: ", ")

    /// OpenAI's object of biases by token id, or llama.cpp's list of pairs, where `false` forbids the token.
    private static func biases(_ field: JSONField) throws(GenerationError) -> [Token: Float] {
        var biases: [Token: Float] = [:]
        guard case .array = field.value else {
            for name in try field.members().keys {
                guard let token = Token(name), let bias = field[name] else {
                    throw field.complaint("must have token ids for names and numbers for values")
                }
                biases[token] = try bias.float()
            }
            return biases
        }
        for item in try field.items() {
            let pair = try item.items()
            guard pair.count == 2 else { throw item.complaint("must be a pair of a token id and a bias") }
            biases[try pair[0].integer()] = pair[1].value == false ? -.infinity : try pair[1].float()
        }
        return biases
    }
}

extension JSONField {
    /// The list's texts.
    func strings() throws(GenerationError) -> [String] {
        try items().map { item throws(GenerationError) in try item.string() }
    }

    /// The duration, of which the value is the milliseconds; exact to the nanosecond below 26 days.
    func milliseconds() throws(GenerationError) -> Duration {
        guard let duration = Duration(milliseconds: try double()) else {
            throw complaint("must be a number of milliseconds below 2⁶³ nanoseconds")
        }
        return duration
    }
}

extension Duration {
    /// A number of milliseconds to the nearest nanosecond; `nil` where it is beyond 292 years either way.
    init?(milliseconds: Double) {
        guard let nanoseconds = Int64(exactly: (milliseconds * 1e6).rounded()) else { return nil }
        self = .nanoseconds(nanoseconds)
    }
}
