import Foundation
import Freshet

/// Keeps the surprise of the chosen tokens near a target by narrowing the candidates more or less (Basu et al.,
/// "Mirostat: a neural text decoding algorithm that directly controls perplexity", 2021).
struct Mirostat {
    /// How many of the most likely tokens version 1 looks at to estimate the exponent of Zipf's law.
    private static let estimationCount = 100

    private let version: SamplingOptions.Mirostat
    private let target: Float
    private let rate: Float
    /// The greatest surprise that is let through, in bits; it follows the surprise of what was chosen.
    private(set) var limit: Float

    /// - Returns: `nil` when the options ask for no mirostat.
    init?(_ options: SamplingOptions) {
        guard options.mirostat != .off else { return nil }
        (version, target, rate) = (options.mirostat, options.mirostatTau, options.mirostatEta)
        limit = 2 * target
    }

    /// Narrows the candidates, of which at least one stays.
    func apply(to candidates: inout Candidates, vocabularySize: Int) {
        switch version {
        case .off: break
        case .v1: candidates.topK(candidateCount(of: candidates, vocabularySize: vocabularySize))
        case .v2:
            let (maximum, total) = candidates.weigh()
            guard total > 0 else { return }
            // -log₂ p ≤ limit, in logits; the most likely one stays even when it surprises more.
            let threshold = Double(maximum) + log(total) - Double(limit) * log(2.0)
            candidates.keep(from: min(Float(threshold), maximum))
        }
    }

    /// Moves the limit after a token of probability `probability` among the narrowed candidates was chosen.
    mutating func learn(from probability: Float) {
        limit -= rate * (-log2f(probability) - target)
    }

    /// The number of candidates that has the wanted surprise, if the most likely ones follow Zipf's law.
    private func candidateCount(of candidates: borrowing Candidates, vocabularySize: Int) -> Int {
        let best = candidates.largest(Self.estimationCount)
        var (products, squares) = (Float(0), Float(0))
        for rank in 0..<max(0, best.count - 1) {
            let ratio = logf(Float(rank + 2) / Float(rank + 1))
            products += ratio * (candidates.logits[best[rank]] - candidates.logits[best[rank + 1]])
            squares += ratio * ratio
        }
        let exponent = products / squares
        let excess = exponent - 1
        let size = powf(excess * powf(2, limit) / (1 - powf(Float(vocabularySize), -excess)), 1 / exponent)
        // Nothing to estimate from, as with one candidate, gives no number. A number beyond the vocabulary means all of
        // it; llama.cpp's int overflows there, and it keeps one token.
        return size.isNaN ? 1 : Int(max(1, min(size, Float(vocabularySize))))
    }
}
