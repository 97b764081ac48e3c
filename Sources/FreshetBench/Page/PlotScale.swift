internal import Foundation

/// The way from values to places along an axis.
struct PlotScale {
    /// How values are laid out.
    enum Kind {
        /// Equal differences have equal lengths.
        case linear
        /// Equal ratios have equal lengths; for values above 0.
        case logarithmic
    }

    private let kind: Kind
    /// The values at the axis's ends.
    let domain: ClosedRange<Double>
    private let start: Double
    private let end: Double

    /// An axis from one place to another, which may be the smaller one. A domain without a width gets one; `nil` where
    /// values are not finite, or have no logarithm.
    init?(_ kind: Kind, _ low: Double, _ high: Double, from start: Double, to end: Double) {
        guard low.isFinite, high.isFinite, low <= high, kind == .linear || low > 0 else { return nil }
        (self.kind, self.start, self.end) = (kind, start, end)
        switch kind {
        case .linear: domain = low < high ? low...high : low - 0.5...high + 0.5
        case .logarithmic: domain = low < high ? low...high : low / 2...high * 2
        }
    }

    /// A value's place.
    func place(_ value: Double) -> Double { start + (end - start) * share(value) }

    private func share(_ value: Double) -> Double {
        switch kind {
        case .linear: (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
        case .logarithmic: log(value / domain.lowerBound) / log(domain.upperBound / domain.lowerBound)
        }
    }

    /// Round values along the axis, about so many: multiples of 1, 2 or 5 times a power of ten; on a logarithmic axis
    /// of more than a decade such numbers themselves.
    func marks(about count: Int) -> [Double] {
        if case .logarithmic = kind, domain.upperBound / domain.lowerBound > 10 {
            let decades = Int(log10(domain.lowerBound).rounded(.down))...Int(log10(domain.upperBound).rounded(.up))
            for digits in [[1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1.0]] {
                let marks = decades.flatMap { decade in digits.map { $0 * pow(10, Double(decade)) } }
                    .filter { isWithin($0) }
                if marks.count <= count * 3 / 2 || digits.count == 1 { return marks }
            }
        }
        let step = Self.roundStep((domain.upperBound - domain.lowerBound) / Double(max(count, 1)))
        let first = (domain.lowerBound / step - 1e-9).rounded(.up)
        let last = (domain.upperBound / step + 1e-9).rounded(.down)
        guard first <= last, last - first < 100 else { return [] }
        return (0...Int(last - first)).map { (first + Double($0)) * step }
    }

    /// A computed mark may miss the end by a rounding.
    private func isWithin(_ value: Double) -> Bool {
        value >= domain.lowerBound * (1 - 1e-9) && value <= domain.upperBound * (1 + 1e-9)
    }

    /// The least round number that is no less than a value: an axis that ends there ends with a mark.
    static func roundUp(_ value: Double, marks count: Int) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        let step = roundStep(value / Double(count))
        return (value / step - 1e-9).rounded(.up) * step
    }

    /// The least of 1, 2 and 5 times a power of ten that is no less than a step, but for a rounding.
    private static func roundStep(_ step: Double) -> Double {
        let power = pow(10, log10(step).rounded(.down))
        return power * ([1, 2, 5].first { $0 * power >= step * 0.999 } ?? 10)
    }
}

extension Double {
    /// The number as SVG takes it, to a tenth of a pixel.
    var inPixels: String {
        let text = String(format: "%.1f", self)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// The number under a mark, without digits that say nothing.
    var atMark: String {
        if self >= 1e4 || (self != 0 && self < 1e-3) {
            let units = [(1e9, " G"), (1e6, " M"), (1e3, " k")]
            let (unit, name) = units.first { self >= $0.0 } ?? (1, "")
            return String(format: "%g", self / unit) + name
        }
        return String(format: "%g", (self * 1e6).rounded() / 1e6)
    }
}
