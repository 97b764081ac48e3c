import Foundation

/// The stages that narrow the candidates. Each does nothing at the value that ``SamplingOptions`` gives for it; the
/// chain leaves those out.
///
/// A candidate at a threshold stays. `minKeep` is the fewest that a stage leaves, as far as there are so many.
extension Candidates {
    /// Keeps the `k` most likely (Fan, Lewis and Dauphin, "Hierarchical neural story generation", 2018).
    mutating func topK(_ k: Int) {
        if k < nominalCount { keepLargest(k) }
    }

    /// Keeps the fewest most likely whose probabilities reach `p` (Holtzman et al., "The curious case of neural text
    /// degeneration", 2020).
    mutating func topP(_ p: Float, minKeep: Int) {
        let (_, total) = weigh()
        guard total > 0 else { return }
        keep(first(reaching: p, of: total, atLeast: minKeep), isSorted: true, nominally: minKeep)
    }

    /// Keeps those at least `p` times as likely as the most likely (Nguyen et al., "Turning up the heat: min-p
    /// sampling for creative and coherent LLM outputs", 2024).
    mutating func minP(_ p: Float, minKeep: Int) {
        let maximum = maximum()
        guard maximum > -.infinity else { return }
        let threshold = maximum + logf(p)
        guard minKeep > 1 else { return keep(from: threshold) }
        if count(from: threshold, upTo: minKeep) < minKeep { keepLargest(minKeep) } else { keep(from: threshold) }
    }

    /// Keeps those whose surprise is nearest to the entropy until their probabilities pass `p` (Meister et al.,
    /// "Locally typical sampling", 2023).
    mutating func typicalP(_ p: Float, minKeep: Int) {
        let (maximum, total) = weigh()
        guard total > 0 else { return }
        let (logTotal, entropy) = (Float(log(total)), Float(entropy(maximum: maximum, total: total)))
        let scores = scores
        for place in 0..<count {
            let surprise = maximum - logits[place] + logTotal
            scores[place] = weights[place] > 0 ? -abs(surprise - entropy) : -.infinity
        }
        // The sum must pass p, where the nucleus need only reach it.
        keep(first(by: scores, reaching: p.nextUp, of: total, atLeast: minKeep), isSorted: false, nominally: minKeep)
    }

    /// Keeps those within `n` standard deviations of the largest logit (Tang et al., "Top-nσ: not all logits are you
    /// need", 2024).
    mutating func topNSigma(_ n: Float) {
        guard nominalCount > 1 else { return }
        let maximum = maximum()
        guard maximum > -.infinity else { return }
        let (number, sum) = FloatScan.sum(logits, count: count)
        let squares = FloatScan.squaredDeviations(logits, count: count, from: sum / Double(number))
        excludeUnder(Float(Double(maximum) - Double(n) * (squares / Double(number)).squareRoot()))
    }

    /// Drops all but the least likely of those whose probability is at least `threshold` ("exclude top choices", by
    /// its author p-e-w, text-generation-webui pull request 6335, 2024). Whether to act is for the caller to draw.
    mutating func xtc(threshold: Float, minKeep: Int) {
        let (_, total) = weigh()
        guard total > 0 else { return }
        // At a threshold of 0 a candidate without probability is still none, and must not be the one that stays.
        let weight = max(Float(Double(threshold) * total), .leastNonzeroMagnitude)
        var (over, last) = (0, 0)
        for place in 0..<count where weights[place] >= weight {
            // Of equal ones the last stays, as in a list sorted by logit.
            if over == 0 || logits[place] <= logits[last] { last = place }
            over += 1
        }
        guard over > 1, nominalCount - (over - 1) >= minKeep else { return }
        keep(weightsUnder: weight, and: last)
    }

    /// The entropy of the candidates in nats, after ``weigh()``: H = ln Σw − Σ w·(logit − maximum) / Σw.
    func entropy(maximum: Float, total: Double) -> Double {
        var sum = 0.0
        for place in 0..<count where weights[place] > 0 {
            sum += Double(weights[place]) * Double(logits[place] - maximum)
        }
        return log(total) - sum / total
    }

    private func count(from threshold: Float, upTo enough: Int) -> Int {
        var number = 0
        for place in 0..<count where logits[place] >= threshold {
            number += 1
            if number >= enough { break }
        }
        return number
    }
}
