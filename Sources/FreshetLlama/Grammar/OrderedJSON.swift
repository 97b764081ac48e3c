internal import Foundation
internal import Freshet

/// A JSON value whose objects keep the order of their members: in a schema it is the order in which an answer has them.
indirect enum OrderedJSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number as it is written.
    case number(String)
    case string(String)
    case array([OrderedJSON])
    case object([Member])

    /// A member of an object.
    struct Member: Hashable, Sendable {
        var name: String
        var value: OrderedJSON
    }

    /// The most objects and lists in one another that are read.
    static let depthLimit = 128

    /// Reads a text.
    ///
    /// - Returns: `nil` when it is no JSON, or is nested more deeply than ``depthLimit``. Of two members with one name the
    ///   later stands.
    init?(_ text: String) {
        var reader = Reader(bytes: Array(text.utf8))
        guard let value = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = value
    }

    /// The member of that name, where the value is an object that has it.
    subscript(name: String) -> OrderedJSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// What a pointer (RFC 6901, after a #) leads to in this value; `nil` where that is nowhere.
    func target(of pointer: String) -> OrderedJSON? {
        var target = self
        for part in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            // In an address some characters are written as their bytes' numbers after a %.
            let plain = String(part)
            let name = [plain, plain.removingPercentEncoding ?? plain]
                .map { $0.replacing("~1", with: "/").replacing("~0", with: "~") }.first { target[$0] != nil }
            if let name, let member = target[name] {
                target = member
            } else if case .array(let items) = target, let place = Int(plain), items.indices.contains(place) {
                target = items[place]
            } else {
                return nil
            }
        }
        return target
    }

    /// Whether it is a number without a fraction, however it is written: JSON Schema takes `1.0` for an integer.
    var isInteger: Bool {
        guard case .number(let text) = self, let number = Double(text) else { return false }
        return number.rounded() == number
    }

    /// The value as JSON without spaces.
    var text: String {
        switch self {
        case .null: return "null"
        case .bool(let bool): return bool ? "true" : "false"
        case .number(let text): return text
        case .string(let text): return Self.quoted(text)
        case .array(let items): return "[" + items.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            return "{" + members.map { Self.quoted($0.name) + ":" + $0.value.text }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                result += "\\"
                result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension OrderedJSON {
    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        var isAtEnd: Bool {
            mutating get {
                skipSpace()
                return place == bytes.count
            }
        }

        mutating func value(depth: Int) -> OrderedJSON? {
            skipSpace()
            guard depth <= OrderedJSON.depthLimit, place < bytes.count else { return nil }
            switch bytes[place] {
            case UInt8(ascii: "{"): return object(depth: depth)
            case UInt8(ascii: "["): return array(depth: depth)
            case UInt8(ascii: "\""): return string().map(OrderedJSON.string)
            case UInt8(ascii: "t"): return take("true") ? .bool(true) : nil
            case UInt8(ascii: "f"): return take("false") ? .bool(false) : nil
            case UInt8(ascii: "n"): return take("null") ? .null : nil
            default: return number()
            }
        }

        private mutating func object(depth: Int) -> OrderedJSON? {
            place += 1
            var (members, places) = ([Member](), [String: Int]())
            guard !takeAfterSpace("}") else { return .object([]) }
            repeat {
                skipSpace()
                guard let name = string(), takeAfterSpace(":"), let value = value(depth: depth + 1) else { return nil }
                if let known = places[name] {
                    members[known].value = value
                } else {
                    places[name] = members.count
                    members.append(Member(name: name, value: value))
                }
            } while takeAfterSpace(",")
            return takeAfterSpace("}") ? .object(members) : nil
        }

        private mutating func array(depth: Int) -> OrderedJSON? {
            place += 1
            var items: [OrderedJSON] = []
            guard !takeAfterSpace("]") else { return .array([]) }
            repeat {
                guard let item = value(depth: depth + 1) else { return nil }
                items.append(item)
            } while takeAfterSpace(",")
            return takeAfterSpace("]") ? .array(items) : nil
        }

        private mutating func number() -> OrderedJSON? {
            let start = place
            _ = take("-")
            guard !take("0") else { return fraction(from: start) }
            return takeDigits() ? fraction(from: start) : nil
        }

        private mutating func fraction(from start: Int) -> OrderedJSON? {
            if take(".") { guard takeDigits() else { return nil } }
            if take("e") || take("E") {
                if !take("+") { _ = take("-") }
                guard takeDigits() else { return nil }
            }
            return .number(String(decoding: bytes[start..<place], as: UTF8.self))
        }

        private mutating func string() -> String? {
            guard take("\"") else { return nil }
            var text: [UInt8] = []
            while place < bytes.count {
                let byte = bytes[place]
                place += 1
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let scalar = escape() else { return nil }
                    text += Array(String(Character(scalar)).utf8)
                case 0..<0x20: return nil
                default: text.append(byte)
                }
            }
            return nil
        }

        private mutating func escape() -> Unicode.Scalar? {
            guard place < bytes.count else { return nil }
            place += 1
            switch bytes[place - 1] {
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(bytes[place - 1])
            case UInt8(ascii: "u"):
                guard let first = hexadecimal() else { return nil }
                guard 0xD800..<0xDC00 ~= first else { return Unicode.Scalar(first) }
                guard take("\\u"), let second = hexadecimal(), 0xDC00..<0xE000 ~= second else { return nil }
                return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            default: return nil
            }
        }

        private mutating func hexadecimal() -> UInt32? {
            let digits = String(decoding: bytes[place...].prefix(4), as: UTF8.self)
            guard digits.utf8.count == 4, digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") })
            else { return nil }
            place += 4
            return UInt32(digits, radix: 16)
        }

        private mutating func takeDigits() -> Bool {
            let start = place
            while place < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[place] { place += 1 }
            return place > start
        }

        private mutating func takeAfterSpace(_ text: StaticString) -> Bool {
            skipSpace()
            return take(text)
        }

        private mutating func take(_ text: StaticString) -> Bool {
            let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
            guard bytes[place...].starts(with: wanted) else { return false }
            place += wanted.count
            return true
        }

        private mutating func skipSpace() {
            while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
        }
    }
}
