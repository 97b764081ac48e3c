import Freshet

/// Makes tokens that were seen lately less likely.
///
/// The repetition penalty is of Keskar et al., "CTRL: a conditional transformer language model for controllable
/// generation" (2019), with llama.cpp's change that a negative logit is multiplied instead of divided; frequency and
/// presence penalties are those of OpenAI's interface.
struct Penalties {
    private let repeatPenalty: Float
    private let frequencyPenalty: Float
    private let presencePenalty: Float
    private var history: TokenHistory
    private var counts: TokenCounts

    /// - Returns: `nil` when the options ask for no penalty.
    init?(_ options: SamplingOptions, vocabularySize: Int, contextLength: Int) {
        let size = TokenHistory.capacity(options.penaltyLastN, contextLength: contextLength)
        (repeatPenalty, frequencyPenalty) = (options.repeatPenalty, options.frequencyPenalty)
        presencePenalty = options.presencePenalty
        guard size > 0, repeatPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0 else { return nil }
        history = TokenHistory(capacity: size)
        // One more for the moment between a token's coming and the oldest one's going.
        counts = TokenCounts(vocabularySize: vocabularySize, distinct: size + 1)
    }

    /// Takes a token of the vocabulary into the history.
    mutating func accept(_ token: Token) {
        counts.insert(token)
        if let forgotten = history.append(token) { counts.remove(forgotten) }
    }

    /// Changes the logits of the tokens in the history.
    func apply(to candidates: inout Candidates) {
        guard !counts.tokens.isEmpty else { return }
        let isWhole = candidates.isWholeVocabulary
        let logits = candidates.edit()
        if isWhole {
            for token in counts.tokens { logits[Int(token)] = penalized(logits[Int(token)], count: counts[token]) }
        } else {
            for place in 0..<candidates.count {
                let count = counts[candidates.token(at: place)]
                if count > 0 { logits[place] = penalized(logits[place], count: count) }
            }
        }
    }

    private func penalized(_ logit: Float, count: Int32) -> Float {
        let repeated = logit <= 0 ? logit * repeatPenalty : logit / repeatPenalty
        return repeated - (Float(count) * frequencyPenalty + presencePenalty)
    }
}
