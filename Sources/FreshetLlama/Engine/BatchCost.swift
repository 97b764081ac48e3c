/// What a batch costs on this machine, learned from the batches that were computed.
///
/// A straight line, a fixed time and a time for each token, is laid through what was seen of batches of each order of
/// size. One of a size's last few batches stands for them, such that a moment in which the machine did something else
/// does not count; and sizes seen lately weigh more, because a token costs more the longer its sequence is.
package struct BatchCost: Sendable {
    private struct Observation: Sendable {
        var tokens: Double
        var seconds: Double
    }

    /// Batches of one order of size: from a power of two to the next.
    private struct Size: Sendable {
        /// The last few, in turn.
        var latest: [Observation] = []
        /// The number of the newest.
        var seenAt = 0
        /// How much they count.
        var weight = 1.0
        /// The one that stands for them.
        var typical = Observation(tokens: 0, seconds: 0)
    }

    /// By the number of bits that the tokens' count takes. In order, so that sums come out the same every time.
    private var sizes: [Size] = []
    private var count = 0
    private var fixedSeconds = 0.0
    private var secondsPerToken = 0.0

    /// Batches of a size that are remembered.
    private static let memory = 7
    /// What each further batch leaves of an observation's weight, and what it has at least. The rest keeps the line
    /// from turning freely around the size that is computed at the time.
    private static let weightKept = 0.93
    private static let leastWeight = 0.05
    /// Batches after which a size is no longer a recent one.
    private static let recent = 200
    /// Batches after which a size's cost is no longer believed, for each time that it was seen lately.
    private static let patience = 32

    /// Nothing is known.
    package init() {}

    /// The tokens of the largest batch among the recent ones; 0 before the first.
    package var largestRecent: Int {
        sizes.filter { count - $0.seenAt < Self.recent }
            .flatMap(\.latest).map { Int($0.tokens) }.max() ?? 0
    }

    /// Says what a batch took.
    package mutating func observe(tokens: Int, took: Duration) {
        let observation = Observation(tokens: Double(tokens), seconds: took / .seconds(1))
        guard tokens > 0, observation.seconds > 0 else { return }
        count += 1
        for place in sizes.indices {
            sizes[place].weight = max(sizes[place].weight * Self.weightKept, Self.leastWeight)
        }
        let order = tokens.bitWidth - tokens.leadingZeroBitCount
        if order >= sizes.count { sizes += Array(repeating: Size(), count: order + 1 - sizes.count) }
        var size = sizes[order]
        size.latest = size.latest.suffix(Self.memory - 1) + [observation]
        size.seenAt = count
        size.weight = 1
        // Not quite the median: what disturbs a batch makes it slower, so four of seven may be disturbed, and a machine
        // that has become slower is believed after five.
        size.typical = size.latest.sorted { $0.seconds < $1.seconds }[(size.latest.count - 1) * 2 / 5]
        sizes[order] = size
        fit()
    }

    /// What a batch will take; `nil` before anything is known.
    package func duration(of tokens: Int) -> Duration? {
        guard count > 0 else { return nil }
        return .seconds(fixedSeconds + secondsPerToken * Double(tokens))
    }

    /// The most tokens that a batch may have to take no longer than `limit`, at least 0; `nil` before anything is
    /// known.
    package func tokens(within limit: Duration) -> Int? {
        guard count > 0 else { return nil }
        let left = limit / .seconds(1) - fixedSeconds
        guard left > 0 else { return 0 }
        // A disturbed fit may find that tokens cost nothing.
        return Int(min(left / max(secondsPerToken, 1e-12), 1e9))
    }

    /// What a batch will take, for a choice between small sizes: what was measured of sizes near it, between which the
    /// machine's kernels take steps that the line of ``duration(of:)`` does not. `nil` before anything is known.
    ///
    /// A size that has not been seen for a while is believed to cost no more than its neighbours, so that it is tried
    /// again: what a single bad moment has shown must not stand for ever.
    package func estimate(of tokens: Int) -> Duration? {
        var points = sizes.filter { !$0.latest.isEmpty && count - $0.seenAt <= Self.patience * $0.latest.count }
            .map(\.typical)
        // No batch takes longer than a larger one: a moment's disturbance does.
        for place in points.indices.dropLast().reversed() {
            points[place].seconds = min(points[place].seconds, points[place + 1].seconds)
        }
        let wanted = Double(tokens)
        guard let above = points.firstIndex(where: { $0.tokens >= wanted }) else {
            return points.last.map { .seconds($0.seconds) }
        }
        guard above > 0 else { return .seconds(points[0].seconds) }
        let (low, high) = (points[above - 1], points[above])
        let part = (wanted - low.tokens) / (high.tokens - low.tokens)
        return .seconds(low.seconds + part * (high.seconds - low.seconds))
    }

    /// Lays the line: least squares of the relative error, so that large batches do not outweigh the small ones.
    private mutating func fit() {
        var (sumX, sumY, sumXX, sumXY, sumYY) = (0.0, 0.0, 0.0, 0.0, 0.0)
        let seen = sizes.filter { !$0.latest.isEmpty }
        for size in seen {
            // With both sides divided by the time, the line is `secondsPerToken * x + fixedSeconds * y = 1`.
            let (x, y) = (size.typical.tokens / size.typical.seconds, 1 / size.typical.seconds)
            sumX += size.weight * x
            sumY += size.weight * y
            sumXX += size.weight * x * x
            sumXY += size.weight * x * y
            sumYY += size.weight * y * y
        }
        let determinant = sumXX * sumYY - sumXY * sumXY
        secondsPerToken = (sumX * sumYY - sumY * sumXY) / determinant
        fixedSeconds = (sumY * sumXX - sumX * sumXY) / determinant
        // One size alone, or larger batches that took less: without a fixed part the guess for larger ones is careful.
        if seen.count < 2 || fixedSeconds < 0 || !fixedSeconds.isFinite {
            fixedSeconds = 0
            secondsPerToken = sumX / sumXX
        } else if secondsPerToken < 0 {
            secondsPerToken = 0
            fixedSeconds = sumY / sumYY
        }
    }
}
