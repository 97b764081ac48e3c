import Foundation
import Freshet
import FreshetBench

/// What one call of a piece of work costs, measured in many turns.
///
/// Several pieces of work take turns, a few milliseconds each, so that whatever else runs on the machine slows all
/// alike. The process's own processor time is counted.
package struct Turns {
    /// How many turns each piece of work has.
    package static let count = 41
    /// In microseconds.
    private static let length = 4000.0

    /// Microseconds for one call, one figure a turn, in ascending order.
    private var figures: [Double] = []

    /// The middle figure, in microseconds.
    package var median: Double { Quantile.value(0.5, of: figures) }

    /// The median, and in parentheses the bounds of the middle half of the figures.
    ///
    /// - Parameter digits: how many stand after the point.
    package func summary(digits: Int = 1) -> String {
        let quarters = [0.5, 0.25, 0.75].map { Self.text(Quantile.value($0, of: figures), digits: digits) }
        return "\(quarters[0]) (\(quarters[1])–\(quarters[2]))"
    }

    /// Measures pieces of work. Each does a number of calls and says how many.
    ///
    /// - Parameter turns: how many each has; fewer than ``count`` where one call takes long.
    package static func measure(
        isolation actor: isolated (any Actor)? = #isolation, turns: Int = count, _ works: [() async -> Int]
    ) async -> [Turns] {
        var all = works.map { _ in Turns() }
        for turn in 0..<turns + 2 {
            for (place, work) in works.enumerated() {
                let start = ProcessorTime.ofThisProcess
                var (calls, elapsed) = (0, 0.0)
                repeat {
                    calls += await work()
                    elapsed = ProcessorTime.ofThisProcess - start
                } while elapsed < length
                // The first turns find cold memory.
                if turn >= 2 { all[place].figures.append(elapsed / Double(calls)) }
            }
        }
        return all.map { Turns(figures: $0.figures.sorted()) }
    }

    /// A number with that many digits after the point.
    package static func text(_ number: Double, digits: Int = 1) -> String {
        String(format: "%.\(digits)f", number)
    }

    /// A line of a table: each cell is filled up to its width.
    package static func row(_ cells: [(text: String, width: Int)]) -> String {
        cells.map { text, width in text + String(repeating: " ", count: max(0, width - text.count)) }.joined()
    }
}
