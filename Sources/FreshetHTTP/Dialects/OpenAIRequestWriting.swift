import Freshet

extension OpenAIRequest {
    /// Under which name a limit on tokens is written.
    package enum TokenLimitName: String, Sendable, CaseIterable {
        /// OpenAI's older name, which nearly every other server knows.
        case maxTokens = "max_tokens"
        /// The name that OpenAI's newer models ask for.
        case maxCompletionTokens = "max_completion_tokens"
    }

    /// Adds the request's body.
    package func append(to output: inout [UInt8], limitName: TokenLimitName = .maxTokens) {
        let defaults = GenerationRequest(prompt: generation.prompt)
        output.append(literal: "{")
        if let model { output.append(member: "model") { $0.append(json: model) } }
        output.append(generation.prompt)
        if let limit = generation.maxTokens { output.append(member: limitName.rawValue) { $0.append(json: limit) } }
        output.append(generation.responseFormat)
        if !generation.stop.isEmpty { output.append(member: "stop") { $0.append(json: generation.stop) } }
        if let deadline = generation.deadline { output.append(member: "deadline_ms") { $0.append(json: deadline) } }
        if let timeout = generation.idleTimeout {
            output.append(member: "idle_timeout_ms") { $0.append(json: timeout) }
        }
        output.append("n", \.choiceCount, of: generation, unless: defaults) { $0.append(json: $1) }
        output.append("user", \.client, of: generation, unless: defaults) { $0.append(json: $1) }
        output.append("weight", \.weight, of: generation, unless: defaults) { $0.append(json: $1) }
        output.append("context_shift", \.shiftsContext, of: generation, unless: defaults) { $0.append(json: $1) }
        output.append("return_progress", \.reportsProgress, of: generation, unless: defaults) { $0.append(json: $1) }
        output.append("cache_prompt", \.reusesPrefix, of: generation, unless: defaults) { $0.append(json: $1) }
        output.append("speculate", \.speculates, of: generation, unless: defaults) { $0.append(json: $1) }
        output.appendConversation(of: generation)
        output.append("reproducible", \.isReproducible, of: generation, unless: defaults) { $0.append(json: $1) }
        output.append("return_manifest", \.givesManifest, of: generation, unless: defaults) { $0.append(json: $1) }
        output.append(generation.sampling)
        if let count = generation.logProbabilities { output.append(logProbabilities: count, at: endpoint) }
        if streams {
            output.append(member: "stream") { $0.append(literal: "true") }
            if includesUsage {
                output.append(member: "stream_options") { $0.append(literal: #"{"include_usage":true}"#) }
            }
        }
        output.append(literal: "}")
    }
}

extension [UInt8] {
    /// Adds a member where a value is not the default, which every server takes it to be where there is no member.
    fileprivate mutating func append<Root, Value: Equatable>(
        _ name: String, _ path: KeyPath<Root, Value>, of root: Root, unless defaults: Root,
        write: (inout [UInt8], Value) -> Void
    ) {
        let value = root[keyPath: path]
        if value != defaults[keyPath: path] { append(member: name) { write(&$0, value) } }
    }

    fileprivate mutating func append(_ prompt: Prompt) {
        switch prompt {
        case .text(let text): append(member: "prompt") { $0.append(json: text) }
        case .tokens(let tokens):
            append(member: "prompt") { $0.appendList(tokens) { $0.append(json: Int($1)) } }
        case .messages(let messages):
            append(member: "messages") {
                $0.appendList(messages) { $0.append($1) }
            }
        }
    }

    fileprivate mutating func append(_ sampling: SamplingOptions) {
        let defaults = SamplingOptions()
        for (name, path) in SamplingField.numbers {
            append(name, path, of: sampling, unless: defaults) { $0.append(json: $1) }
        }
        for (name, path) in SamplingField.integers {
            append(name, path, of: sampling, unless: defaults) { $0.append(json: $1) }
        }
        if let seed = sampling.seed { append(member: "seed") { $0.append(contentsOf: String(seed).utf8) } }
        append("ignore_eos", \.ignoresEndOfGeneration, of: sampling, unless: defaults) { $0.append(json: $1) }
        append("dry_sequence_breakers", \.drySequenceBreakers, of: sampling, unless: defaults) { $0.append(json: $1) }
        append("samplers", \.stages, of: sampling, unless: defaults) { $0.append(json: $1.map(\.rawValue)) }
        append("mirostat", \.mirostat, of: sampling, unless: defaults) { $0.append(json: $1.rawValue) }
        if !sampling.logitBias.isEmpty { append(member: "logit_bias") { $0.append(sampling.logitBias) } }
    }

    /// OpenAI's object; llama.cpp's list of pairs where a token is forbidden, for which the object has no value.
    private mutating func append(_ biases: [Token: Float]) {
        let pairs = biases.sorted { $0.key < $1.key }
        guard pairs.allSatisfy(\.value.isFinite) else {
            return appendList(pairs) { output, pair in
                output.append(literal: "[")
                output.append(json: Int(pair.key))
                output.append(literal: ",")
                if pair.value.isFinite { output.append(json: pair.value) } else { output.append(literal: "false") }
                output.append(literal: "]")
            }
        }
        append(literal: "{")
        for (token, bias) in pairs { append(member: String(token)) { $0.append(json: bias) } }
        append(literal: "}")
    }
}
