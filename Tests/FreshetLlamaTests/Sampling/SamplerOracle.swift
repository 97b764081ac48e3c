import CSamplerOracle
import Freshet

@testable import FreshetLlama

/// llama.cpp's own sampler chain, built as its programs build it from the same options.
final class SamplerOracle {
    private let handle: OpaquePointer
    private let vocabularySize: Int

    /// - Parameters:
    ///   - endOfGeneration: the tokens that the options may forbid.
    ///   - modelPath: the model whose vocabulary DRY's breakers are looked up in.
    ///   - chooses: whether the chain ends with llama.cpp's draw. Mirostat always chooses.
    init(
        _ options: SamplingOptions, vocabularySize: Int, contextLength: Int = 4096, endOfGeneration: [Token] = [],
        modelPath: String? = nil, chooses: Bool = false
    ) throws {
        guard let handle = freshet_oracle_new(Int32(vocabularySize), modelPath) else { throw Failure.cannotMakeChain }
        self.handle = handle
        self.vocabularySize = vocabularySize

        var bias = options.logitBias.map { (token: $0.key, value: $0.value) }
        if options.ignoresEndOfGeneration { bias += endOfGeneration.map { ($0, -.infinity) } }
        if !bias.isEmpty {
            try check(freshet_oracle_add_logit_bias(handle, bias.map(\.token), bias.map(\.value), Int32(bias.count)))
        }
        guard options.mirostat == .off else {
            try check(freshet_oracle_add_temperature(handle, options.temperature, 0, 1))
            let version = Int32(options.mirostat.rawValue)
            try check(freshet_oracle_add_mirostat(handle, version, options.mirostatTau, options.mirostatEta, 7))
            return
        }
        let minKeep = options.minKeep
        for stage in options.stages {
            switch stage {
            case .penalties:
                let last = options.penaltyLastN < 0 ? contextLength : options.penaltyLastN
                try check(
                    freshet_oracle_add_penalties(
                        handle, Int32(last), options.repeatPenalty, options.frequencyPenalty, options.presencePenalty))
            case .dry:
                try addDRY(options, contextLength: contextLength)
            case .topNSigma: try check(freshet_oracle_add_top_n_sigma(handle, options.topNSigma))
            case .topK: try check(freshet_oracle_add_top_k(handle, Int32(options.topK)))
            case .typicalP: try check(freshet_oracle_add_typical_p(handle, options.typicalP, minKeep))
            case .topP: try check(freshet_oracle_add_top_p(handle, options.topP, minKeep))
            case .minP: try check(freshet_oracle_add_min_p(handle, options.minP, minKeep))
            case .xtc:
                try check(
                    freshet_oracle_add_xtc(handle, options.xtcProbability, options.xtcThreshold, minKeep, 7))
            case .temperature:
                try check(
                    freshet_oracle_add_temperature(
                        handle, options.temperature, options.dynamicTemperatureRange,
                        options.dynamicTemperatureExponent))
            }
        }
        if chooses { try check(freshet_oracle_add_draw(handle, 7)) }
    }

    deinit { freshet_oracle_free(handle) }

    enum Failure: Error {
        case cannotMakeChain
    }

    /// Takes a token into the history.
    func accept(_ token: Token) { freshet_oracle_accept(handle, token) }

    /// What the chain leaves, and the candidate it chose, if it chooses.
    func apply(_ logits: [Float]) -> (candidates: [Candidate], chosen: Candidate?) {
        let empty = freshet_oracle_candidate(token: 0, logit: 0, probability: 0)
        var candidates = [freshet_oracle_candidate](repeating: empty, count: vocabularySize)
        var count = 0
        let chosen = Int(freshet_oracle_apply(handle, logits, &candidates, &count))
        let left = candidates.prefix(count).map { Candidate(token: $0.token, probability: $0.probability) }
        return (left, chosen < 0 ? nil : left[chosen])
    }

    private func addDRY(_ options: SamplingOptions, contextLength: Int) throws {
        let last = options.dryPenaltyLastN < 0 ? contextLength : options.dryPenaltyLastN
        // The texts only have to live during the call.
        let texts = options.drySequenceBreakers.map { text in Array(text.utf8CString) }
        let storage = texts.map { text in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
            copy.initialize(from: text, count: text.count)
            return UnsafePointer(copy)
        }
        defer { for text in storage { text.deallocate() } }
        try check(
            freshet_oracle_add_dry(
                handle, options.dryMultiplier, options.dryBase, Int32(options.dryAllowedLength), Int32(last), storage,
                storage.count))
    }

    private func check(_ isAdded: Bool) throws {
        guard isAdded else { throw Failure.cannotMakeChain }
    }
}
