package import Freshet

/// JSON written by hand: for one chunk of a stream it is twenty times faster than `JSONEncoder`, and the order of keys
/// is ours.
extension [UInt8] {
    /// Adds text as it stands.
    mutating func append(literal text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Adds a whole number.
    mutating func append(json number: some BinaryInteger) {
        append(contentsOf: String(number).utf8)
    }

    /// Adds a truth value.
    mutating func append(json bool: Bool) {
        append(literal: bool ? "true" : "false")
    }

    /// Adds a number in the shortest form that reads back the same.
    ///
    /// JSON has no infinity and no NaN: they become -9999, which is how OpenAI writes the logarithm of zero.
    mutating func append(json number: some BinaryFloatingPoint & CustomStringConvertible) {
        append(contentsOf: number.isFinite ? number.description.utf8 : "-9999.0".utf8)
    }

    /// Adds a duration in milliseconds, to the nanosecond.
    mutating func append(json duration: Duration) {
        let (seconds, attoseconds) = duration.components
        append(json: Double(seconds) * 1e3 + Double(attoseconds / 1_000_000_000) / 1e6)
    }

    /// Adds a list of strings.
    mutating func append(json texts: [String]) {
        appendList(texts) { $0.append(json: $1) }
    }

    /// Adds a value; an object's members stand in the order of their names.
    mutating func append(json value: JSONValue) {
        switch value {
        case .null: append(literal: "null")
        case .bool(let bool): append(json: bool)
        case .integer(let number): append(json: number)
        case .number(let number): append(json: number)
        case .string(let text): append(json: text)
        case .array(let items): appendList(items) { $0.append(json: $1) }
        case .object(let members):
            append(literal: "{")
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                append(member: name) { $0.append(json: member) }
            }
            append(literal: "}")
        }
    }

    /// Adds a member's name and its value, with a comma before them unless the object has just begun.
    mutating func append(member name: String, _ appendValue: (inout [UInt8]) -> Void) {
        if last != UInt8(ascii: "{") { append(literal: ",") }
        append(json: name)
        append(literal: ":")
        appendValue(&self)
    }

    /// Adds a list.
    mutating func appendList<Item>(_ items: some Collection<Item>, _ append: (inout [UInt8], Item) -> Void) {
        self.append(literal: "[")
        for (place, item) in items.enumerated() {
            if place > 0 { self.append(literal: ",") }
            append(&self, item)
        }
        self.append(literal: "]")
    }

    /// Adds a string in quotes, all ASCII, so that a client which decodes each read of a socket on its own never meets
    /// half a character.
    mutating func append(json text: String) {
        append(UInt8(ascii: "\""))
        // Nearly every piece of text is plain ASCII, and goes over in one copy.
        var text = text
        text.withUTF8 { bytes in
            var plain = bytes.startIndex
            var place = plain
            while place < bytes.endIndex {
                guard !bytes[place].isPlainInJSON else {
                    place += 1
                    continue
                }
                append(contentsOf: bytes[plain..<place])
                let length = bytes[place].lengthOfScalar
                appendEscaped(bytes[place..<place + length])
                place += length
                plain = place
            }
            append(contentsOf: bytes[plain...])
        }
        append(UInt8(ascii: "\""))
    }

    /// Adds one scalar, in valid UTF-8, as an escape sequence.
    private mutating func appendEscaped(_ scalar: Slice<UnsafeBufferPointer<UInt8>>) {
        switch scalar.first {
        case UInt8(ascii: "\""): append(literal: #"\""#)
        case UInt8(ascii: "\\"): append(literal: #"\\"#)
        case UInt8(ascii: "\n"): append(literal: #"\n"#)
        case UInt8(ascii: "\r"): append(literal: #"\r"#)
        case UInt8(ascii: "\t"): append(literal: #"\t"#)
        default: for unit in String(decoding: scalar, as: UTF8.self).utf16 { append(escaped: unit) }
        }
    }

    private mutating func append(escaped unit: UInt16) {
        append(literal: #"\u"#)
        for shift in [12, 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift) & 0xF
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}

extension UInt8 {
    /// Whether the byte stands for itself in a JSON string that is all ASCII.
    fileprivate var isPlainInJSON: Bool {
        0x20...0x7E ~= self && self != UInt8(ascii: "\"") && self != UInt8(ascii: "\\")
    }

    /// The number of bytes of the scalar that begins with this byte, in valid UTF-8.
    fileprivate var lengthOfScalar: Int {
        switch self {
        case ..<0x80: 1
        case ..<0xE0: 2
        case ..<0xF0: 3
        default: 4
        }
    }
}

extension JSONValue {
    /// The value as JSON text: ASCII on one line, an object's members in the order of their names.
    package var text: String {
        var output: [UInt8] = []
        output.append(json: self)
        return String(decoding: output, as: UTF8.self)
    }
}
