/// The sampler's options that are plain numbers, by the names that they have in OpenAI's and llama.cpp's JSON, for
/// reading and for writing.
package enum SamplingField {
    /// Where a value stands.
    package typealias Path<Value> = any WritableKeyPath<SamplingOptions, Value> & Sendable

    /// Those with a fraction.
    package static let numbers: [(name: String, path: Path<Float>)] = [
        ("temperature", \.temperature), ("dynatemp_range", \.dynamicTemperatureRange),
        ("dynatemp_exponent", \.dynamicTemperatureExponent), ("top_p", \.topP), ("min_p", \.minP),
        ("typical_p", \.typicalP), ("top_n_sigma", \.topNSigma), ("xtc_probability", \.xtcProbability),
        ("xtc_threshold", \.xtcThreshold), ("repeat_penalty", \.repeatPenalty),
        ("frequency_penalty", \.frequencyPenalty), ("presence_penalty", \.presencePenalty),
        ("dry_multiplier", \.dryMultiplier), ("dry_base", \.dryBase), ("mirostat_tau", \.mirostatTau),
        ("mirostat_eta", \.mirostatEta),
    ]

    /// The whole ones.
    package static let integers: [(name: String, path: Path<Int>)] = [
        ("top_k", \.topK), ("min_keep", \.minKeep), ("repeat_last_n", \.penaltyLastN),
        ("dry_allowed_length", \.dryAllowedLength), ("dry_penalty_last_n", \.dryPenaltyLastN),
    ]
}
