package import Freshet

/// A request as OpenAI's dialect carries it: the body of `POST /v1/chat/completions` and `/v1/completions`, both ways.
///
/// What is read is every field of OpenAI's and of llama.cpp's server that has a place in a ``GenerationRequest``, and our
/// own `deadline_ms`. A field that asks for something that cannot be done is refused; any other unknown field is passed
/// over, and so is `null`. What is written leaves out every value that is Freshet's default: a Freshet server has the
/// same, and a provider that refuses unknown fields sees only those that were set.
package struct OpenAIRequest: Sendable, Hashable {
    /// What to generate.
    package var generation: GenerationRequest
    /// The model asked for; `nil` leaves the choice to the server.
    package var model: String?
    /// Whether the answer comes as a stream of chunks.
    package var streams: Bool
    /// Whether the usage stands at the end of the stream.
    package var includesUsage: Bool

    /// Makes a request that has usage at the end of its stream.
    package init(
        _ generation: GenerationRequest, model: String? = nil, streams: Bool = true, includesUsage: Bool = true
    ) {
        self.generation = generation
        self.model = model
        self.streams = streams
        self.includesUsage = includesUsage
    }

    /// Where the request is sent: conversations and plain prompts have different addresses.
    package var endpoint: OpenAIEndpoint {
        if case .messages = generation.prompt { .chatCompletions } else { .completions }
    }
}

/// The fields of the sampler that are plain values, by their wire names, for reading and for writing.
enum OpenAISamplingField {
    typealias Path<Value> = any WritableKeyPath<SamplingOptions, Value> & Sendable

    static let numbers: [(name: String, path: Path<Float>)] = [
        ("temperature", \.temperature), ("dynatemp_range", \.dynamicTemperatureRange),
        ("dynatemp_exponent", \.dynamicTemperatureExponent), ("top_p", \.topP), ("min_p", \.minP),
        ("typical_p", \.typicalP), ("top_n_sigma", \.topNSigma), ("xtc_probability", \.xtcProbability),
        ("xtc_threshold", \.xtcThreshold), ("repeat_penalty", \.repeatPenalty),
        ("frequency_penalty", \.frequencyPenalty), ("presence_penalty", \.presencePenalty),
        ("dry_multiplier", \.dryMultiplier), ("dry_base", \.dryBase), ("mirostat_tau", \.mirostatTau),
        ("mirostat_eta", \.mirostatEta),
    ]

    static let integers: [(name: String, path: Path<Int>)] = [
        ("top_k", \.topK), ("min_keep", \.minKeep), ("repeat_last_n", \.penaltyLastN),
        ("dry_allowed_length", \.dryAllowedLength), ("dry_penalty_last_n", \.dryPenaltyLastN),
    ]
}
