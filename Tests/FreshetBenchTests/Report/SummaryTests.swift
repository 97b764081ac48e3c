import FreshetBench
import Testing

/// What samples come to, with answers worked out by hand.
struct SummaryTests {
    @Test func noSamplesComeToNothing() { #expect(Summary([]) == nil) }

    @Test(
        arguments: [
            ([7], 7, 0, 7), ([3, 1], 2, 0.5, 2.98), ([5, 1, 3], 3, 1, 4.96), ([4, 1, 3, 2], 2.5, 0.75, 3.97),
            (Array(stride(from: 100, through: 0, by: -1)), 50, 25, 99),
        ] as [([Double], Double, Double, Double)])
    func samplesComeTo(samples: [Double], median: Double, spread: Double, p99: Double) throws {
        let summary = try #require(Summary(samples))
        #expect(summary.median == median && summary.spread == spread && abs(summary.p99 - p99) < 1e-9, "\(summary)")
        #expect(summary.lowest == samples.min() && summary.highest == samples.max() && summary.count == samples.count)
    }
}
