import Freshet

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
