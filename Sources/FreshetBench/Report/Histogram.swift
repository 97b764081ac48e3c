internal import Foundation

/// How often gaps of which length were seen: the bars of a plot.
package struct Histogram: Codable, Sendable, Hashable {
    /// What was measured.
    package var topic: Topic
    /// Whose gaps they are, in words: `4 streams`.
    package var name: String
    /// The place in ``Report/sides`` of the side that they are of.
    package var side: Int
    /// The bars' edges in milliseconds, ascending, one more than there are bars. Each is the same multiple of the one
    /// before: a gap that is ten times as long as the others is to be seen beside them.
    package var edges: [Double]
    /// The gaps in each bar: from its lower edge to before its upper one, which the last bar includes.
    package var counts: [Int]
    /// What all the gaps come to, in milliseconds.
    package var summary: Summary

    /// Counts gaps; `nil` when there are none.
    ///
    /// - Parameter milliseconds: the gaps. Those under a microsecond are counted as one: pieces that came together.
    package init?(_ topic: Topic, _ name: String, side: Int, milliseconds: [Double], bars: Int = 40) {
        let gaps = milliseconds.map { max($0, 0.001) }
        guard let summary = Summary(gaps) else { return nil }
        (self.topic, self.name, self.side, self.summary) = (topic, name, side, summary)
        // Equal gaps have no width: some room on both sides gives them one.
        let (low, high) = (log(summary.lowest / 1.05), log(summary.highest * 1.05))
        edges = (0...bars).map { exp(low + (high - low) * Double($0) / Double(bars)) }
        counts = [Int](repeating: 0, count: bars)
        for gap in gaps {
            counts[min(bars - 1, max(0, Int((log(gap) - low) / (high - low) * Double(bars))))] += 1
        }
    }
}
