import FreshetBench
import Testing

/// What timelines and histograms say, with answers worked out by hand.
struct TimelineTests {
    private static let timeline = Timeline(label: "stream 1", start: 0.5, pieces: [1, 1.25, 2, 4, 4.5], end: 5)

    @Test func timesAreFoundBetweenPieces() {
        #expect(Self.timeline.firstPiece == 0.5 && Self.timeline.total == 4.5)
        #expect(Self.timeline.gaps == [0.25, 0.75, 2, 0.5])
        let empty = Timeline(label: "", start: 3)
        #expect(empty.firstPiece == nil && empty.total == nil && empty.gaps == [])
        #expect(Timeline(label: "", start: 3, pieces: [4]).gaps == [])
    }

    /// A gap that ends where the span begins, or begins where it ends, has no part in it.
    @Test(
        arguments: [
            (0...9, [0.25, 0.75, 2, 0.5]), (1.5...1.6, [0.75]), (1.5...2.1, [0.75, 2]), (2...4, [2]), (5...6, []),
            (0...1, []),
        ] as [(ClosedRange<Double>, [Double])])
    func gapsTouchASpan(span: ClosedRange<Double>, gaps: [Double]) {
        #expect(Self.timeline.gaps(touching: span) == gaps)
    }

    @Test func everyGapIsInItsBar() throws {
        #expect(Histogram(.gaps, "none", side: 0, milliseconds: []) == nil)
        let equal = try #require(Histogram(.gaps, "equal", side: 0, milliseconds: [2, 2, 2], bars: 4))
        #expect(equal.counts.reduce(0, +) == 3 && equal.edges.count == 5)
        let gaps = (0..<1000).map { 0.5 * Double($0 % 37) }
        let histogram = try #require(Histogram(.gaps, "many", side: 0, milliseconds: gaps, bars: 10))
        #expect(histogram.counts.reduce(0, +) == 1000 && histogram.edges == histogram.edges.sorted())
        for (bar, count) in histogram.counts.enumerated() {
            let range = histogram.edges[bar]..<histogram.edges[bar + 1]
            #expect(count == gaps.count { range.contains(max($0, 0.001)) }, "bar \(bar)")
        }
        #expect(histogram.summary.highest == 18 && histogram.summary.lowest == 0.001)
    }
}
