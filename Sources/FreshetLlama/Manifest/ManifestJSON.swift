public import Freshet

extension Manifest {
    /// The manifest as JSON, every value written out, so that another version's defaults change nothing.
    public var json: JSONValue {
        let answers = answers.map { answer -> JSONValue in
            let tokens = answer.tokens.map { JSONValue.integer(Int128($0)) }
            let logarithms = answer.logProbabilities.map { JSONValue.number(Double($0)) }
            return .object(["tokens": .array(tokens), "logprobs": .array(logarithms)])
        }
        return .object([
            "version": .integer(Int128(Self.version)), "model": environment.modelJSON, "build": environment.buildJSON,
            "settings": environment.settingsJSON, "sampling": sampling.json, "response_format": responseFormat.json,
            "form": form?.json ?? .null, "context_shift": .bool(shiftsContext),
            "prompt": .array(prompt.map { JSONValue.integer(Int128($0)) }),
            "answers": .array(answers),
        ])
    }

    /// Reads a manifest's JSON. What it names that this version does not know is passed over.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest`` and a sentence that names the
    ///   member which is missing, of another kind or out of range.
    public init(json: JSONValue) throws(GenerationError) {
        let root = JSONField(json)
        _ = try root.members()
        let version: Int = try root.required("version").integer()
        guard 1...Self.version ~= version else {
            throw .invalid("version", "is \(version), and this program knows 1 to \(Self.version)")
        }
        var sampling = SamplingOptions()
        try sampling.read(try root.required("sampling"))
        try sampling.validate()
        guard sampling.seed != nil else { throw .invalid("sampling.seed", "is required") }
        let answers = try root.required("answers").items().map { field throws(GenerationError) in
            try Answer(field)
        }
        guard 1...GenerationRequest.choiceLimit ~= answers.count else {
            throw .invalid("answers", "must be from 1 to \(GenerationRequest.choiceLimit), but are \(answers.count)")
        }
        self.init(
            environment: try ManifestEnvironment(root), sampling: sampling,
            responseFormat: try ResponseFormat(manifest: root["response_format"]),
            form: try root["form"].map { form throws(GenerationError) in try Form(form) },
            shiftsContext: try root.required("context_shift").bool(), prompt: try root.required("prompt").tokens(),
            answers: answers)
        try checkAnswers()
    }

    /// Checks that every answer has something to compare.
    ///
    /// - Throws: ``GenerationError`` that names the answer which has no tokens, or the log-probability that is none.
    func checkAnswers() throws(GenerationError) {
        for (index, answer) in answers.enumerated() {
            let (tokens, values) = (answer.tokens, answer.logProbabilities)
            guard !tokens.isEmpty else {
                throw .invalid("answers[\(index)].tokens", "is empty: there is nothing to compute again")
            }
            guard values.count == tokens.count else {
                throw .invalid(
                    "answers[\(index)].logprobs",
                    "must be as many as tokens, which are \(tokens.count), but are \(values.count)")
            }
            // A token that was drawn had a probability.
            for (position, value) in values.enumerated() where !(value > -9999 && value <= 0) {
                throw .invalid(
                    "answers[\(index)].logprobs[\(position)]",
                    "is no log-probability of a token that was drawn: it must be over -9999 and at most 0")
            }
        }
    }
}

extension Manifest.Answer {
    fileprivate init(_ field: JSONField) throws(GenerationError) {
        let tokens = try field.required("tokens").tokens()
        let values = try field.required("logprobs").items().map { item throws(GenerationError) in try item.double() }
        self.init(tokens: tokens, logProbabilities: values.map { Float($0) })
    }
}

extension ManifestEnvironment {
    fileprivate var modelJSON: JSONValue {
        .object([
            "name": .string(model), "fingerprint": .string(fingerprint),
            "adapters": .array(adapters.map(JSONValue.string)),
        ])
    }

    fileprivate var buildJSON: JSONValue {
        .object([
            "freshet": .string(freshet), "llama": .string(llama), "ggml": .string(ggml),
            "processor": .string(processor), "kernels": .bool(usesKernels),
        ])
    }

    fileprivate var settingsJSON: JSONValue {
        .object([
            "threads": .integer(Int128(threads)), "threads_batch": .integer(Int128(batchThreads)),
            "ctx_size": .integer(Int128(contextLength)), "cache_type_k": .string(keyType.rawValue),
            "cache_type_v": .string(valueType.rawValue),
            "flash_attn": flashAttention.map(JSONValue.bool) ?? .null, "repack": .bool(usesRepacking),
            "blas": .bool(usesBLAS),
        ])
    }

    fileprivate init(_ root: JSONField) throws(GenerationError) {
        let (model, build) = (try root.required("model"), try root.required("build"))
        let settings = try root.required("settings")
        func cacheType(_ name: String) throws(GenerationError) -> LlamaOptions.CacheType {
            let field = try settings.required(name)
            guard let type = LlamaOptions.CacheType(rawValue: try field.string()) else {
                let known = LlamaOptions.CacheType.allCases.map(\.rawValue).joined(separator: ", ")
                throw field.complaint("must be one of \(known)")
            }
            return type
        }
        self.init(
            model: try model.required("name").string(), fingerprint: try model.required("fingerprint").string(),
            adapters: try model["adapters"]?.items().map { item throws(GenerationError) in try item.string() } ?? [],
            freshet: try build.required("freshet").string(), llama: try build.required("llama").string(),
            ggml: try build.required("ggml").string(), processor: try build.required("processor").string(),
            threads: try settings.required("threads").integer(),
            batchThreads: try settings.required("threads_batch").integer(),
            contextLength: try settings.required("ctx_size").integer(), keyType: try cacheType("cache_type_k"),
            valueType: try cacheType("cache_type_v"), flashAttention: try settings["flash_attn"]?.bool(),
            usesRepacking: try settings.required("repack").bool(), usesBLAS: try settings.required("blas").bool(),
            usesKernels: try build.required("kernels").bool())
    }
}

extension SamplingOptions {
    /// Every option, as ``read(_:)`` takes it.
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [:]
        for (name, path) in SamplingField.numbers { members[name] = .number(Double(self[keyPath: path])) }
        for (name, path) in SamplingField.integers { members[name] = .integer(Int128(self[keyPath: path])) }
        members["seed"] = seed.map { .integer(Int128($0)) } ?? .null
        members["ignore_eos"] = .bool(ignoresEndOfGeneration)
        members["dry_sequence_breakers"] = .array(drySequenceBreakers.map(JSONValue.string))
        members["samplers"] = .array(stages.map { .string($0.rawValue) })
        members["mirostat"] = .integer(Int128(mirostat.rawValue))
        members["logit_bias"] = .array(
            logitBias.sorted { $0.key < $1.key }.map { token, bias -> JSONValue in
                .array([.integer(Int128(token)), bias.isFinite ? .number(Double(bias)) : .bool(false)])
            })
        return .object(members)
    }
}

extension ResponseFormat {
    /// The kind, and the text that goes with it; `null` for any text.
    fileprivate var json: JSONValue {
        switch self {
        case .text: .null
        case .jsonObject: ["type": "json_object"]
        case .jsonSchema(let text): ["type": "json_schema", "text": .string(text)]
        case .grammar(let text): ["type": "grammar", "text": .string(text)]
        case .regex(let text): ["type": "regex", "text": .string(text)]
        }
    }

    fileprivate init(manifest field: JSONField?) throws(GenerationError) {
        guard let field else {
            self = .text
            return
        }
        let kind = try field.required("type")
        switch try kind.string() {
        case "json_object": self = .jsonObject
        case "json_schema": self = .jsonSchema(try field.required("text").string())
        case "grammar": self = .grammar(try field.required("text").string())
        case "regex": self = .regex(try field.required("text").string())
        default: throw kind.complaint("must be json_object, json_schema, grammar or regex")
        }
    }
}

extension JSONField {
    /// The member of that name.
    func required(_ name: String) throws(GenerationError) -> JSONField {
        _ = try members()
        guard let field = self[name] else { throw .invalid(path.isEmpty ? name : "\(path).\(name)", "is required") }
        return field
    }

    /// The list of token ids. Which there are, only the model knows.
    func tokens() throws(GenerationError) -> [Token] {
        try items().map { item throws(GenerationError) in try item.integer() }
    }
}
