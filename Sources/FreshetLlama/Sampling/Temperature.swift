import Foundation

/// The stages that spread the candidates' probabilities out or draw them together.
extension Candidates {
    /// Divides the logits by a temperature. At 0, or so near that the quotients would leave the floats, only the most
    /// likely candidate is left.
    mutating func temperature(_ temperature: Float) {
        guard temperature != 1 else { return }
        guard temperature > 0, (maximum() / temperature).isFinite else { return keepLargest(1) }
        let logits = edit(keepsOrder: true)
        FloatScan.divide(logits, count: count, by: temperature)
    }

    /// Divides the logits by a temperature between `center - range` and `center + range`: the lower the entropy of the
    /// candidates, compared with the greatest that so many can have, the lower ("entropy-based dynamic temperature", by
    /// its author kalomaze, llama.cpp pull request 4972, 2024).
    mutating func dynamicTemperature(center: Float, range: Float, exponent: Float) {
        guard nominalCount > 1 else { return }
        let (maximum, total) = weigh()
        guard total > 0 else { return }
        let normalized = Float(entropy(maximum: maximum, total: total) / log(Double(nominalCount)))
        let lowest = max(0, center - range)
        temperature(lowest + (center + range - lowest) * powf(max(0, normalized), exponent))
    }
}
