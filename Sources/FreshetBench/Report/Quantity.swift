internal import Foundation

/// Numbers as a person reads them.
package enum Quantity {
    /// A number with three or four digits that count.
    package static func number(_ number: Double) -> String {
        let size = abs(number)
        let places = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3
        return String(format: "%.\(places)f", number)
    }

    /// A median and its spread, with as many places as the median has; a dash for nothing.
    package static func summary(_ summary: Summary?) -> String {
        guard let summary else { return "–" }
        let median = number(summary.median)
        let places = median.split(separator: ".").dropFirst().first?.count ?? 0
        return "\(median) ± " + String(format: "%.\(places)f", summary.spread)
    }

    /// A ratio with its bounds.
    package static func ratio(_ ratio: Summary) -> String {
        String(format: "%.2f (%.2f–%.2f)", ratio.median, ratio.lowest, ratio.highest)
    }

    /// A share of 1 in per cent.
    package static func percent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }

    /// Bytes of memory, in the largest power of 1,024 of which there is one: `512 MiB`, `7.7 GiB`, `24 GiB`.
    package static func bytes(_ count: Int) -> String {
        let (unit, shift) = [("GiB", 30), ("MiB", 20), ("KiB", 10)].first { count >= 1 << $0.1 } ?? ("B", 0)
        let number = Double(count) / Double(1 << shift)
        let places = number < 10 && number != number.rounded() ? 1 : 0
        return String(format: "%.\(places)f \(unit)", number)
    }

    /// A time to wait, roughly.
    package static func wait(_ seconds: Double) -> String {
        seconds < 90 ? String(format: "%.0f s", seconds) : String(format: "%.0f min", (seconds / 60).rounded(.up))
    }
}
