/// What the machine allows: the speeds that its memory and its arithmetic limit a model to, and the shares that were
/// reached. After Williams, Waterman and Patterson, "Roofline: An Insightful Visual Performance Model for Multicore
/// Architectures" (2009).
///
/// A token of one stream reads every weight that it touches once, and so is limited by memory; a prompt reads them once
/// for many tokens, and is limited by arithmetic.
package struct Roofline: Codable, Sendable, Hashable {
    /// Threads that measured, which are those that compute.
    package var threads: Int
    /// What all of them together were seen to read from memory, in bytes a second.
    package var measuredReadBandwidth: Double
    /// Bytes that one token reads: the weights that it touches, and the keys and values at ``depth``.
    package var bytesPerToken: Double
    /// The part of ``bytesPerToken`` that is weights.
    package var weightBytesPerToken: Double
    /// The part of ``bytesPerToken`` that is keys and values.
    package var cacheBytesPerToken: Double
    /// The tokens in memory for which ``cacheBytesPerToken`` is counted.
    package var depth: Int
    /// Tokens a second that the bandwidth allows one stream.
    package var decodeLimit: Double
    /// The measured speed of one stream divided by ``decodeLimit``; `nil` when it was not measured.
    package var decodeShare: Double?
    /// Multiplications and additions a second of 8-bit integers, in a matrix product, of all threads; `nil` where the
    /// model has no quantised weights.
    package var int8Rate: Double?
    /// The same of 32-bit floating-point numbers.
    package var floatRate: Double
    /// Multiplications and additions that one token of a prompt takes: two for each weight that it touches.
    package var operationsPerToken: Double
    /// Tokens a second of a prompt that the rate of the model's own type allows.
    package var prefillLimit: Double
    /// The measured speed of a prompt divided by ``prefillLimit``; `nil` when it was not measured.
    package var prefillShare: Double?

    /// A roofline; the limits follow from what was measured and counted.
    ///
    /// - Parameter int8Rate: the rate that limits prompts; `nil` lets ``floatRate`` do so.
    package init(
        threads: Int, measuredReadBandwidth: Double, weightBytesPerToken: Double, cacheBytesPerToken: Double,
        depth: Int, int8Rate: Double?, floatRate: Double, operationsPerToken: Double
    ) {
        self.threads = threads
        self.measuredReadBandwidth = measuredReadBandwidth
        self.weightBytesPerToken = weightBytesPerToken
        self.cacheBytesPerToken = cacheBytesPerToken
        self.depth = depth
        self.int8Rate = int8Rate
        self.floatRate = floatRate
        self.operationsPerToken = operationsPerToken
        bytesPerToken = weightBytesPerToken + cacheBytesPerToken
        decodeLimit = measuredReadBandwidth / bytesPerToken
        prefillLimit = (int8Rate ?? floatRate) / operationsPerToken
    }
}
