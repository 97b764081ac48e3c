/// JSON written by hand: for one chunk of a stream it is twenty times faster than `JSONEncoder`, and the order of keys
/// is ours.
extension [UInt8] {
    /// Adds text that is JSON already.
    mutating func append(literal json: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: json.utf8Start, count: json.utf8CodeUnitCount))
    }

    /// Adds a whole number.
    mutating func append(json number: Int) {
        append(contentsOf: String(number).utf8)
    }

    /// Adds a number in the shortest form that reads back the same.
    ///
    /// JSON has no infinity and no NaN: they become -9999, which is how OpenAI writes the logarithm of zero.
    mutating func append(json number: Float) {
        append(contentsOf: number.isFinite ? number.description.utf8 : "-9999.0".utf8)
    }

    /// Adds a duration in milliseconds, to the nanosecond.
    mutating func append(json duration: Duration) {
        let (seconds, attoseconds) = duration.components
        append(contentsOf: (Double(seconds) * 1e3 + Double(attoseconds / 1_000_000_000) / 1e6).description.utf8)
    }

    /// Adds a string in quotes, all ASCII, so that a client which decodes each read of a socket on its own never meets
    /// half a character.
    mutating func append(json text: String) {
        append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append(literal: #"\""#)
            case "\\": append(literal: #"\\"#)
            case "\n": append(literal: #"\n"#)
            case "\r": append(literal: #"\r"#)
            case "\t": append(literal: #"\t"#)
            case "\u{20}"..."\u{7E}": append(UInt8(truncatingIfNeeded: scalar.value))
            default: for unit in scalar.utf16 { append(escaped: unit) }
            }
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func append(escaped unit: UInt16) {
        append(literal: #"\u"#)
        for shift in [12, 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift) & 0xF
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
