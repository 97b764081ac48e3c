/// The keywords of one schema that restrict what it describes, without those that only tell something.
struct SchemaKeywords {
    /// What has not been taken, in the schema's order.
    private(set) var members: [OrderedJSON.Member]

    /// The restricting ones among a schema's members, bar those with a value that restricts nothing.
    init(_ members: [OrderedJSON.Member]) {
        self.members = members.filter { member in
            Self.kinds[member.name] != nil && Self.neutral[member.name] != member.value
                && (member.name != "format" || Self.formats.contains(member.value))
        }
    }

    /// Their names.
    var names: [String] { members.map(\.name) }

    /// The value of a keyword.
    subscript(name: String) -> OrderedJSON? { members.first { $0.name == name }?.value }

    /// The first of some keywords that is there.
    func first(of names: [String]) -> String? { members.first { names.contains($0.name) }?.name }

    /// Takes a keyword out.
    mutating func take(_ name: String) -> OrderedJSON? {
        guard let place = members.firstIndex(where: { $0.name == name }) else { return nil }
        return members.remove(at: place).value
    }

    /// A keyword that no schema may have.
    var unsupported: String? { members.first { Self.kinds[$0.name] == "unsupported" }?.name }

    /// The types that the keywords are about.
    var types: [String] {
        var types: [String] = []
        for member in members {
            guard let type = Self.kinds[member.name], !["any", "unsupported"].contains(type), !types.contains(type)
            else { continue }
            types.append(type)
        }
        return types
    }

    /// The format that answers are held to.
    var knownFormat: String? {
        guard case .string(let name) = self["format"] else { return nil }
        return name
    }

    /// The value of a keyword that is a number.
    func number(_ name: String) -> Double? {
        guard case .number(let text) = self[name] else { return nil }
        return Double(text)
    }

    /// The integers that the bounds allow, between two limits. What is no number is no bound.
    func integers(within limit: Double) -> (least: Double, most: Double) {
        let least = max(
            number("minimum")?.rounded(.up) ?? -limit,
            number("exclusiveMinimum").map { $0.rounded(.down) + 1 } ?? -limit,
            -limit)
        let most = min(
            number("maximum")?.rounded(.down) ?? limit,
            number("exclusiveMaximum").map { $0.rounded(.up) - 1 } ?? limit,
            limit)
        return (least, most)
    }

    /// The keywords of a number's range.
    static let bounds = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"]

    /// The keywords beside which a type says nothing of its own.
    static let applicators: Set = ["$ref", "anyOf", "oneOf", "allOf", "enum", "const"]

    private static let formats: [OrderedJSON] = ["date", "time", "date-time", "uuid"].map { .string($0) }

    /// What a keyword restricts: one type, any, or what cannot be kept to. These are the assertions and applicators of the
    /// drafts from 6 to 2020-12.
    static let kinds: [String: String] = {
        var kinds: [String: String] = [:]
        for name in bounds + ["multipleOf"] { kinds[name] = "number" }
        for name in ["minLength", "maxLength", "pattern", "format"] { kinds[name] = "string" }
        for name in ["items", "prefixItems", "minItems", "maxItems"] { kinds[name] = "array" }
        for name in ["properties", "required", "additionalProperties"] { kinds[name] = "object" }
        for name in ["type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf"] { kinds[name] = "any" }
        for name in [
            "not", "if", "then", "else", "dependentSchemas", "dependentRequired", "dependencies", "patternProperties",
            "propertyNames", "unevaluatedItems", "unevaluatedProperties", "contains", "minContains", "maxContains",
            "uniqueItems", "minProperties", "maxProperties", "$dynamicRef", "$recursiveRef",
        ] {
            kinds[name] = "unsupported"
        }
        return kinds
    }()

    private static let neutral: [String: OrderedJSON] = [
        "uniqueItems": .bool(false), "minItems": .number("0"), "minLength": .number("0"), "minProperties": .number("0"),
        "required": .array([]), "unevaluatedItems": .bool(true), "unevaluatedProperties": .bool(true),
        "propertyNames": .bool(true), "patternProperties": .object([]), "dependentRequired": .object([]),
        "dependentSchemas": .object([]), "dependencies": .object([]),
    ]
}
