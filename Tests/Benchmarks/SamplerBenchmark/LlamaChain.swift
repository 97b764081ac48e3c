import CSamplerOracle
import Freshet

/// llama.cpp's own chain for the same options, as its programs build it, with its own draw at the end.
final class LlamaChain {
    private let handle: OpaquePointer

    init(_ options: SamplingOptions, vocabularySize: Int) {
        guard let handle = freshet_oracle_new(Int32(vocabularySize), nil) else { preconditionFailure("no memory") }
        self.handle = handle
        guard options.mirostat == .off else {
            let version = Int32(options.mirostat.rawValue)
            _ = freshet_oracle_add_temperature(handle, options.temperature, 0, 1)
            _ = freshet_oracle_add_mirostat(handle, version, options.mirostatTau, options.mirostatEta, 1)
            return
        }
        for stage in options.stages {
            guard add(stage, options) else { preconditionFailure("llama.cpp refuses \(stage)") }
        }
        _ = freshet_oracle_add_draw(handle, 1)
    }

    deinit { freshet_oracle_free(handle) }

    /// Takes a token into the history.
    func accept(_ token: Token) { freshet_oracle_accept(handle, token) }

    /// Chooses a token.
    func sample(_ logits: UnsafeBufferPointer<Float>) -> Token? {
        logits.baseAddress.map { freshet_oracle_sample(handle, $0) }
    }

    private func add(_ stage: SamplingOptions.Stage, _ options: SamplingOptions) -> Bool {
        switch stage {
        case .penalties:
            freshet_oracle_add_penalties(
                handle, Int32(options.penaltyLastN), options.repeatPenalty, options.frequencyPenalty,
                options.presencePenalty)
        case .dry:
            freshet_oracle_add_dry(
                handle, options.dryMultiplier, options.dryBase, Int32(options.dryAllowedLength),
                Int32(options.dryPenaltyLastN), nil, 0)
        case .topNSigma: freshet_oracle_add_top_n_sigma(handle, options.topNSigma)
        case .topK: freshet_oracle_add_top_k(handle, Int32(options.topK))
        case .typicalP: freshet_oracle_add_typical_p(handle, options.typicalP, options.minKeep)
        case .topP: freshet_oracle_add_top_p(handle, options.topP, options.minKeep)
        case .minP: freshet_oracle_add_min_p(handle, options.minP, options.minKeep)
        case .xtc:
            freshet_oracle_add_xtc(handle, options.xtcProbability, options.xtcThreshold, options.minKeep, 1)
        case .temperature:
            freshet_oracle_add_temperature(
                handle, options.temperature, options.dynamicTemperatureRange, options.dynamicTemperatureExponent)
        }
    }
}
