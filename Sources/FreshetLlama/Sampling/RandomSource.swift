/// A reproducible stream of random numbers: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", OOPSLA 2014).
///
/// It is ours, and not the standard library's or llama.cpp's, so that a seed gives the same numbers in every later
/// version and on every machine. Which tokens they pick depends on the logits too, and those differ in their last bits
/// between machines: see ``SamplingOptions/seed``.
package struct RandomSource: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the stream of a seed. Every seed is a good one, neighbouring ones too.
    package init(seed: UInt64) { state = seed }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A number from 0 up to, and without, 1: the upper 53 of the next 64 bits, divided by 2⁵³.
    package mutating func nextUnit() -> Double { Double(next() >> 11) * 0x1p-53 }
}
