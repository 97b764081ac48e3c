import Foundation

/// Says whether a JSON value obeys a schema, written plainly from the specification (drafts 7 and 2020-12) over what
/// Foundation reads, for the keywords that answers are held to.
struct SchemaValidator {
    let root: Any

    init(_ schema: String) throws { root = try Self.read(schema) }

    /// Whether a text is JSON that obeys the schema.
    func accepts(_ text: String) -> Bool {
        guard let value = try? Self.read(text) else { return false }
        return accepts(value, root)
    }

    private static func read(_ text: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }

    private func accepts(_ value: Any, _ schema: Any) -> Bool {
        guard let schema = schema as? [String: Any] else { return (schema as? Bool) ?? false }
        if let pointer = schema["$ref"] as? String {
            var target = root
            for part in (pointer.removingPercentEncoding ?? pointer).split(separator: "/").dropFirst() {
                let name = part.replacingOccurrences(of: "~1", with: "/").replacingOccurrences(of: "~0", with: "~")
                guard let next = (target as? [String: Any])?[name] else { return false }
                target = next
            }
            guard accepts(value, target) else { return false }
        }
        if let list = schema["anyOf"] as? [Any], !list.contains(where: { accepts(value, $0) }) { return false }
        if let list = schema["oneOf"] as? [Any], list.count(where: { accepts(value, $0) }) != 1 { return false }
        if let list = schema["allOf"] as? [Any], !list.allSatisfy({ accepts(value, $0) }) { return false }
        if let constant = schema["const"], !isEqual(value, constant) { return false }
        if let list = schema["enum"] as? [Any], !list.contains(where: { isEqual($0, value) }) { return false }
        if let type = schema["type"] {
            let names = type as? [String] ?? [type as? String ?? ""]
            guard names.contains(where: { self.type(of: value).contains($0) }) else { return false }
        }
        if let text = value as? String { return acceptsString(text, schema) }
        if let list = value as? [Any] { return acceptsList(list, schema) }
        if let members = value as? [String: Any] { return acceptsObject(members, schema) }
        if type(of: value).contains("number"), let number = value as? NSNumber {
            let double = number.doubleValue
            if let bound = schema["minimum"] as? NSNumber, double < bound.doubleValue { return false }
            if let bound = schema["maximum"] as? NSNumber, double > bound.doubleValue { return false }
            if let bound = schema["exclusiveMinimum"] as? NSNumber, double <= bound.doubleValue { return false }
            if let bound = schema["exclusiveMaximum"] as? NSNumber, double >= bound.doubleValue { return false }
        }
        return true
    }

    private func acceptsString(_ text: String, _ schema: [String: Any]) -> Bool {
        let length = text.unicodeScalars.count
        if let least = schema["minLength"] as? Int, length < least { return false }
        if let most = schema["maxLength"] as? Int, length > most { return false }
        if let pattern = schema["pattern"] as? String, text.range(of: pattern, options: .regularExpression) == nil {
            return false
        }
        switch schema["format"] as? String {
        case "date": return Self.isDate(text)
        case "time": return Self.isTime(text)
        case "date-time":
            let parts = text.split(separator: "T", omittingEmptySubsequences: false).map(String.init)
            return parts.count == 2 && Self.isDate(parts[0]) && Self.isTime(parts[1])
        case "uuid": return text.wholeMatch(of: /[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/) != nil
        default: return true
        }
    }

    /// Whether a text is RFC 3339's full-date, of a day that there is.
    static func isDate(_ text: String) -> Bool {
        guard let match = text.wholeMatch(of: /([0-9]{4})-([0-9]{2})-([0-9]{2})/), let year = Int(match.1),
            let month = Int(match.2), let day = Int(match.3), 1...12 ~= month
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return 1...[31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ~= day
    }

    /// Whether a text is RFC 3339's full-time, leap seconds aside.
    private static func isTime(_ text: String) -> Bool {
        guard
            let match = text.wholeMatch(
                of: /([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(?:[Zz]|[+-]([0-9]{2}):([0-9]{2}))/)
        else { return false }
        let numbers = [match.1, match.2, match.3, match.5 ?? "0", match.6 ?? "0"].compactMap { Int($0) }
        return zip(numbers, [23, 59, 59, 23, 59]).allSatisfy { $0 <= $1 }
    }

    private func acceptsList(_ list: [Any], _ schema: [String: Any]) -> Bool {
        if let least = schema["minItems"] as? Int, list.count < least { return false }
        if let most = schema["maxItems"] as? Int, list.count > most { return false }
        // A list of schemas is draft 7's word for the beginning.
        let prefix = schema["prefixItems"] as? [Any] ?? schema["items"] as? [Any] ?? []
        guard zip(list, prefix).allSatisfy({ accepts($0, $1) }) else { return false }
        guard let items = schema["items"], !(items is [Any]) else { return true }
        return list.dropFirst(prefix.count).allSatisfy { accepts($0, items) }
    }

    private func acceptsObject(_ members: [String: Any], _ schema: [String: Any]) -> Bool {
        let described = schema["properties"] as? [String: Any] ?? [:]
        if let required = schema["required"] as? [String], !required.allSatisfy({ members[$0] != nil }) { return false }
        return members.allSatisfy { name, value in
            if let schema = described[name] { return accepts(value, schema) }
            guard let additional = schema["additionalProperties"] else { return true }
            return accepts(value, additional)
        }
    }

    private func isEqual(_ left: Any, _ right: Any) -> Bool {
        type(of: left).first == type(of: right).first && (left as? NSObject) == (right as? NSObject)
    }

    /// The names of a value's types; a truth value is no number, though Foundation makes it one.
    private func type(of value: Any) -> [String] {
        switch value {
        case is NSNull: return ["null"]
        case is String: return ["string"]
        case is [Any]: return ["array"]
        case is [String: Any]: return ["object"]
        case let number as NSNumber:
            if ["c", "B"].contains(String(cString: number.objCType)) { return ["boolean"] }
            return number.doubleValue.rounded() == number.doubleValue ? ["number", "integer"] : ["number"]
        default: return []
        }
    }
}
