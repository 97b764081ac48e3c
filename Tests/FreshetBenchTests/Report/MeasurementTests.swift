import FreshetBench
import Testing

/// How rows compare two sides.
struct MeasurementTests {
    private static func row(_ samples: [[Double]]) -> Measurement {
        Measurement(.decode, "tg128", in: .tokensPerSecond, outcomes: samples.map { Measurement.Outcome($0) })
    }

    /// Sides take turns, so that what slows one round down slows both: the ratio is that of the rounds, not of medians.
    @Test func theRatioIsThatOfTheRounds() throws {
        let ratio = try #require(Self.row([[10, 40, 90], [20, 20, 30]]).ratio)
        #expect(ratio.lowest == 0.5 && ratio.median == 2 && ratio.highest == 3 && ratio.count == 3)
    }

    @Test(arguments: [[[1.0, 2]], [[1, 2], []], [[], [1, 2]], [[1, 2], [0, 0]]])
    func withoutTwoSidesThereIsNoRatio(samples: [[Double]]) { #expect(Self.row(samples).ratio == nil) }

    @Test func aRoundThatOneSideLacksIsNotCompared() {
        #expect(Self.row([[10, 40, 90], [20, 20]]).ratio?.count == 2)
        #expect(Self.row([[10, 40], [0, 20]]).ratio?.median == 2)
    }

    /// JSON cannot write what is no number, and the whole report would be lost.
    @Test func whatIsNoNumberIsNoSample() throws {
        let row = Self.row([[.nan, 1, .infinity], [1e-300, 1, 1]])
        #expect(row.outcomes.map(\.samples.count) == [1, 3] && row.outcomes[0].summary?.median == 1)
        #expect(Self.row([[1e300], [1e-300]]).ratio == nil)
    }
}
