import FreshetTestSupport
import Testing

@testable import FreshetBench

/// Where values and marks stand, with answers worked out by hand.
struct PlotScaleTests {
    struct Case: Sendable {
        var kind: PlotScale.Kind
        var low: Double
        var high: Double
        var count: Int
        var marks: [Double]
    }

    @Test(arguments: [
        Case(kind: .linear, low: 0, high: 100, count: 5, marks: [0, 20, 40, 60, 80, 100]),
        Case(kind: .linear, low: 0, high: 1, count: 2, marks: [0, 0.5, 1]),
        Case(kind: .linear, low: 0.3, high: 9.7, count: 5, marks: [2, 4, 6, 8]),
        Case(kind: .linear, low: 7, high: 7, count: 1, marks: [7]),
        Case(kind: .logarithmic, low: 0.5, high: 60, count: 8, marks: [0.5, 1, 2, 5, 10, 20, 50]),
        Case(kind: .logarithmic, low: 1, high: 1e6, count: 4, marks: [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]),
        Case(kind: .logarithmic, low: 28.5, high: 34.75, count: 4, marks: [30, 32, 34]),
    ])
    func marksAreRound(_ example: Case) throws {
        let scale = try #require(PlotScale(example.kind, example.low, example.high, from: 0, to: 100))
        let marks = scale.marks(about: example.count)
        #expect(marks.count == example.marks.count, "\(marks)")
        for (mark, expected) in zip(marks, example.marks) { #expect(abs(mark - expected) <= 1e-9 * max(expected, 1)) }
    }

    /// Whatever the values: no mark outside the axis, the ends at the ends, and never so many that they run together.
    @Test func marksStayOnTheAxis() throws {
        for seed in 0..<(500 as UInt64) {
            var random = SeededGenerator(seed: seed)
            let low = Double.random(in: 1e-6...1e6, using: &random)
            let high = low * Double.random(in: 1...1e5, using: &random)
            let count = Int.random(in: 1...10, using: &random)
            for kind in [PlotScale.Kind.linear, .logarithmic] {
                let scale = try #require(PlotScale(kind, low, high, from: 300, to: 20))
                #expect(abs(scale.place(scale.domain.lowerBound) - 300) < 1e-6)
                #expect(abs(scale.place(scale.domain.upperBound) - 20) < 1e-6)
                let marks = scale.marks(about: count)
                #expect(marks == marks.sorted() && marks.count <= max(3 * count / 2 + 1, 12), "seed \(seed)")
                #expect(marks.allSatisfy { (19.9...300.1).contains(scale.place($0)) }, "seed \(seed)")
            }
        }
    }

    @Test func whatCannotBeDrawnIsNoAxis() {
        #expect(
            PlotScale(.linear, .nan, 1, from: 0, to: 1) == nil
                && PlotScale(.linear, 0, .infinity, from: 0, to: 1) == nil)
        #expect(PlotScale(.logarithmic, 0, 1, from: 0, to: 1) == nil && PlotScale(.linear, 2, 1, from: 0, to: 1) == nil)
    }

    @Test(arguments: [(0, 5, 1), (9.3, 5, 10), (41, 5, 50), (100, 5, 100), (101, 5, 150), (0.031, 3, 0.04)])
    func anAxisEndsWithAMark(value: Double, count: Int, end: Double) {
        #expect(abs(PlotScale.roundUp(value, marks: count) - end) < 1e-9)
    }

    @Test(arguments: [(0, "0"), (0.5, "0.5"), (1_500, "1500"), (20_000, "20 k"), (3e6, "3 M"), (2.5e10, "25 G")])
    func marksAreShort(value: Double, text: String) { #expect(value.atMark == text) }
}
