/// Decides when readers are woken for what their streams have. A value.
///
/// Waking a reader takes the engine's thread some 10 µs, and the reader a processor that a batch may be using: for the
/// smallest models that is a tenth of a token's time. Where tokens come within ``quick`` of each other, a reader may get
/// several at once.
struct Pace: Sendable {
    /// The tokens of the last batch, where it took less than ``quick``; else 0.
    private var quickTokens = 0

    /// A batch that takes less is a quick one.
    static let quick = Duration.microseconds(500)
    /// The longest that a reader waits for more while batches are quick.
    static let patience = Duration.milliseconds(1)

    /// Whether the last batch was quick.
    var isQuick: Bool { quickTokens > 0 }

    /// Whether a batch of so many tokens will be quick, as far as is known.
    func isQuick(_ tokens: Int) -> Bool { tokens <= quickTokens }

    /// Says what a batch took.
    mutating func observe(tokens: Int, took: Duration) { quickTokens = took < Self.quick ? tokens : 0 }
}
