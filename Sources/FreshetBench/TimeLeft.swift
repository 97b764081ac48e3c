/// How much of a run is done, and how long the rest is likely to take: every turn's work is counted in tokens, and the
/// pace is that of the turns so far.
package struct TimeLeft: Sendable {
    private var done = 0.0
    private let total: Double
    private var elapsed = 0.0

    /// Nothing is done yet of the work of these turns.
    package init(of needs: [Needs]) { total = max(1, needs.map(Self.work).reduce(0, +)) }

    /// Says that a turn is over.
    ///
    /// - Parameter elapsed: seconds since the run began.
    package mutating func finish(_ needs: Needs, elapsed: Double) {
        done += Self.work(needs)
        self.elapsed = elapsed
    }

    /// The part that is done, from 0 to 1.
    package var fraction: Double { min(1, done / total) }

    /// Seconds that the rest is likely to take; `nil` before anything is done.
    package var seconds: Double? { done > 0 ? elapsed * max(0, total - done) / done : nil }

    /// A token of an answer takes about as long as eight of a prompt; streams that run together share some of it.
    private static func work(_ needs: Needs) -> Double {
        Double(needs.promptTokens) + 8 * Double(needs.answerTokens) / Double(needs.streams).squareRoot()
    }
}
