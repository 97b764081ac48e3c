/// A number of bytes as a person writes it: `500M`, `8G`, or the plain number. The letters stand for powers of 1,024.
struct ByteCount: Equatable, CustomStringConvertible {
    /// The bytes.
    var bytes: Int

    private static let units: [(letter: Character, bytes: Int)] = [
        ("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10),
    ]

    /// A count.
    init(_ bytes: Int) { self.bytes = bytes }

    /// Reads a whole number with or without a letter behind it; `nil` for anything else, and for more than an `Int`
    /// holds.
    init?(_ text: String) {
        let unit = Self.units.first { $0.letter == text.last?.uppercased().first }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard digits.allSatisfy(\.isASCII), let number = Int(digits), number >= 0 else { return nil }
        let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: unit?.bytes ?? 1)
        guard !isTooLarge else { return nil }
        self.bytes = bytes
    }

    /// The shortest way to write it exactly.
    var description: String {
        guard let unit = Self.units.first(where: { bytes >= $0.bytes && bytes.isMultiple(of: $0.bytes) }) else {
            return String(bytes)
        }
        return "\(bytes / unit.bytes)\(unit.letter)"
    }
}
