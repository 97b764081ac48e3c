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
        let body = try JSONField(object: body, of: "The request's body")
        try Self.refuseWhatCannotBeDone(body, at: endpoint)
        var generation = defaults
        generation.prompt = try Self.prompt(body, at: endpoint)
        try Self.read(body, into: &generation)
        if let format = try Self.responseFormat(body, text: text) { generation.responseFormat = format }
        try Self.readConversation(body, text: text, into: &generation)
        try generation.sampling.read(body)
        generation.logProbabilities = try Self.logProbabilities(body, at: endpoint) ?? generation.logProbabilities
        self.init(
            generation, model: try body["model"]?.string(), streams: try body["stream"]?.bool() ?? false,
            includesUsage: try body["stream_options"]?["include_usage"]?.bool() ?? false)
        if case .jsonSchema = generation.responseFormat, body["json_schema"]?.value.isEmpty ?? true {
            schemaField = Self.schemaField(body)
        }
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
        request.givesManifest = try body["return_manifest"]?.bool() ?? request.givesManifest
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
}

extension JSONField {
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
