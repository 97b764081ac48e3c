/// Values below which a share of samples lies.
package enum Quantile {
    /// The value below which that share of the samples lies, by linear interpolation between the two nearest: type 7 of
    /// Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996).
    ///
    /// - Parameters:
    ///   - share: from 0 to 1.
    ///   - sorted: samples in ascending order, at least one.
    package static func value(_ share: Double, of sorted: [Double]) -> Double {
        let place = share * Double(sorted.count - 1)
        let (low, high) = (Int(place.rounded(.down)), Int(place.rounded(.up)))
        return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
    }
}

extension [Double] {
    /// The middle value, or the mean of the middle two; `nil` when there is none.
    package var median: Double? { isEmpty ? nil : Quantile.value(0.5, of: sorted()) }
}
