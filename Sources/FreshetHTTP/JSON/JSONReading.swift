import Foundation
package import Freshet

extension JSONField {
    /// Reads JSON text that must have an object at its root.
    ///
    /// - Parameter subject: what the text is, for the error.
    /// - Throws: as ``JSONValue/init(json:of:)``.
    package init(object json: some Collection<UInt8>, of subject: String) throws(GenerationError) {
        self.init(try JSONValue(json: json, of: subject))
        // Nothing else stands at a root.
        guard case .object = value else {
            throw GenerationError(.invalidRequest, "\(subject) must be a JSON object, but is a list.")
        }
    }
}

extension JSONValue {
    /// Reads JSON text: UTF-8, without a byte order mark, an object or a list at its root.
    ///
    /// Of two members with one name one stands; more than 512 levels are refused, both as Foundation has it. Whole
    /// numbers are exact up to 64 bits, with or without a sign, and beyond that become the nearest `Double`; what is
    /// written with a fraction or an exponent, in 17 digits or more, and is whole all the same counts among them.
    ///
    /// - Parameter subject: what the text is, for the error: "The request's body".
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest`` and a sentence that says where
    ///   the text stops being JSON. Whoever reads a response gives it another code.
    package init(json: some Collection<UInt8>, of subject: String = "The text") throws(GenerationError) {
        if let complaint = Self.complaint(aboutStartOf: json) {
            throw GenerationError(.invalidRequest, "\(subject) is not JSON: \(complaint).")
        }
        do {
            self = Self.value(of: try JSONSerialization.jsonObject(with: Data(json)))
        } catch {
            let reason = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
            // It may repeat a number of a million digits.
            let sentence = reason ?? error.localizedDescription
            throw GenerationError(
                .invalidRequest,
                "\(subject) is not JSON. " + (sentence.count > 200 ? "\(sentence.prefix(200))…." : sentence))
        }
    }

    /// What is wrong with what Foundation would take in another encoding, and with values that stand alone.
    private static func complaint(aboutStartOf json: some Collection<UInt8>) -> String? {
        if json.starts(with: [0xEF, 0xBB, 0xBF]) { return "it begins with a byte order mark" }
        let first = json.first { ![UInt8(ascii: " "), 0x09, 0x0A, 0x0D].contains($0) }
        guard let first else { return "it is empty" }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "["), !json.prefix(4).contains(0) else {
            return "it must be an object or a list, in UTF-8"
        }
        return nil
    }

    private static func value(of object: Any) -> JSONValue {
        // The exact type is asked for first: a cast that fails costs as much as parsing the whole of a small object.
        let type = type(of: object)
        if type == String.self, let text = object as? String { return .string(text) }
        if type == [String: Any].self, let members = object as? [String: Any] {
            return .object(members.mapValues(value))
        }
        if type == [Any].self, let items = object as? [Any] { return .array(items.map(value)) }
        if type != NSNull.self, let number = object as? NSNumber { return value(of: number) }
        // Foundation's parser makes nothing else.
        return .null
    }

    private static func value(of number: NSNumber) -> JSONValue {
        // Long numbers come as decimals, whose `doubleValue` is off in the last digit; their text is exact.
        if let decimal = number as? NSDecimalNumber {
            let text = decimal.description
            if let whole = Int128(text), -0x8000_0000_0000_0000...0xFFFF_FFFF_FFFF_FFFF ~= whole {
                return .integer(whole)
            }
            return .number(Double(text) ?? decimal.doubleValue)
        }
        switch UInt8(bitPattern: number.objCType.pointee) {
        // A truth value is a number to Foundation; its kind alone tells it from 0 and 1.
        case UInt8(ascii: "c"), UInt8(ascii: "B"): return .bool(number.boolValue)
        case UInt8(ascii: "d"), UInt8(ascii: "f"): return .number(number.doubleValue)
        case UInt8(ascii: "Q"): return .integer(Int128(number.uint64Value))
        default: return .integer(Int128(number.int64Value))
        }
    }
}
