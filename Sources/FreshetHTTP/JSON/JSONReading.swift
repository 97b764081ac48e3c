import Foundation
package import Freshet

extension JSONValue {
    /// Reads JSON text: UTF-8, without a byte order mark, an object or a list at its root.
    ///
    /// Of two members with one name one stands; more than 512 levels are refused, both as Foundation has it. Whole
    /// numbers are exact up to 64 bits, with or without a sign, and beyond that become the nearest `Double`; what is
    /// written with a fraction or an exponent, in 17 digits or more, and is whole all the same counts among them.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest`` and a sentence that says where
    ///   the text stops being JSON. Whoever reads a response gives it another code.
    package init(json: some Collection<UInt8>) throws(GenerationError) {
        let object: Any
        do {
            try Self.checkStart(of: json)
            object = try JSONSerialization.jsonObject(with: Data(json))
        } catch let error as GenerationError {
            throw error
        } catch {
            let reason = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
            throw Self.complaint(reason ?? error.localizedDescription)
        }
        self = try Self.value(of: object)
    }

    /// Refuses what Foundation would take in another encoding, and values that stand alone.
    private static func checkStart(of json: some Collection<UInt8>) throws(GenerationError) {
        guard !json.starts(with: [0xEF, 0xBB, 0xBF]) else {
            throw complaint("It begins with a byte order mark.")
        }
        let whiteSpace: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
        guard let first = json.first(where: { !whiteSpace.contains($0) }) else { throw complaint("It is empty.") }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "["), !json.prefix(4).contains(0) else {
            throw complaint("It must be an object or a list, in UTF-8.")
        }
    }

    private static func value(of object: Any) throws(GenerationError) -> JSONValue {
        switch object {
        case let members as [String: Any]:
            var values = [String: JSONValue](minimumCapacity: members.count)
            for (name, member) in members { values[name] = try value(of: member) }
            return .object(values)
        case let items as [Any]:
            var values: [JSONValue] = []
            values.reserveCapacity(items.count)
            for item in items { values.append(try value(of: item)) }
            return .array(values)
        case let text as String:
            return .string(text)
        case let number as NSNumber:
            return value(of: number)
        case is NSNull:
            return .null
        default:
            throw complaint("It holds a value of an unknown kind.")
        }
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

    private static func complaint(_ reason: String) -> GenerationError {
        GenerationError(.invalidRequest, "The text is not JSON. \(reason)")
    }
}
