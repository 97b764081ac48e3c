/// Logits as a language model gives them, without a model: most low, and about three in ten thousand high.
package enum SyntheticLogits {
    /// As many logits as a vocabulary has tokens; the same for the same seed.
    package static func make(count: Int, seed: UInt64) -> [Float] {
        var random = RandomSource(seed: seed)
        return (0..<count).map { _ in
            // The sum of twelve uniform numbers is very nearly normal, with a standard deviation of 1.
            let normal = (0..<12).reduce(-6) { sum, _ in sum + random.nextUnit() }
            return Float(normal * 2 - 4 + (random.nextUnit() < 3e-4 ? 12 : 0))
        }
    }
}
