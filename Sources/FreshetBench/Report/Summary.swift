internal import Freshet

/// What a row of samples comes to. All members but ``count`` have the samples' unit.
package struct Summary: Codable, Sendable, Hashable {
    /// How many samples there were.
    package var count: Int
    /// The middle sample; between the middle two where there is an even number of them.
    package var median: Double
    /// Half the distance between the quartiles: what a sample is likely to be away from the median.
    package var spread: Double
    /// 99 of 100 samples are no more than this.
    package var p99: Double
    /// The smallest sample.
    package var lowest: Double
    /// The greatest sample.
    package var highest: Double

    /// Sums samples up; `nil` when there are none.
    package init?(_ samples: [Double]) {
        let sorted = samples.sorted()
        guard let lowest = sorted.first, let highest = sorted.last else { return nil }
        (count, self.lowest, self.highest) = (sorted.count, lowest, highest)
        median = Quantile.value(0.5, of: sorted)
        spread = (Quantile.value(0.75, of: sorted) - Quantile.value(0.25, of: sorted)) / 2
        p99 = Quantile.value(0.99, of: sorted)
    }
}
