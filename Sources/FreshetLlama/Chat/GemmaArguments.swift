/// The arguments of a call as Gemma 4 writes them, `{city:<|"|>Oslo<|"|>,days:2}`, held to a schema. llama.cpp's rule takes
/// an object of any members.
///
/// Texts are held to an `enum` or a `const`; a `pattern` and lengths do not hold.
struct GemmaArguments {
    private typealias Item = RuleText.Item

    /// The rules that were made.
    private(set) var rules: [(name: String, text: String)] = []
    private var values: CallValues
    private let root: OrderedJSON
    private let name: String
    private var count = 0
    /// The names of rules for definitions of the schema.
    private var definitions: [String: String] = [:]

    /// - Parameters:
    ///   - root: the schema of a tool's parameters.
    ///   - name: what the names of its rules begin with.
    ///   - values: what texts and numbers are held by.
    init(_ root: OrderedJSON, _ name: String, values: CallValues) {
        (self.root, self.name, self.values) = (root, name, values)
    }

    /// The whole object.
    mutating func items() -> [RuleText.Item] {
        defer { rules += values.takeRules() }
        return object(root)
    }

    private mutating func nextName() -> String {
        count += 1
        return "\(name)-part-\(count)"
    }

    private mutating func value(_ schema: OrderedJSON) -> [Item] {
        if case .string(let pointer) = schema["$ref"] { return reference(pointer) }
        if case .array(let schemas) = schema["anyOf"] {
            var alternatives: [[Item]] = []
            for schema in schemas { alternatives.append(value(schema)) }
            return [.group(alternatives)]
        }
        if let constant = schema["const"] { return choice([constant]) }
        if case .array(let list) = schema["enum"] { return choice(list) }
        switch schema["type"] {
        case .string("string"): return [.plain("gemma4-string")]
        case .string("boolean"): return [.plain("gemma4-bool")]
        case .string("null"): return [.plain("gemma4-null")]
        case .string("integer"), .string("number"):
            return values.json(schema, nextName()) ?? [.plain("gemma4-number")]
        case .string("array"): return array(schema)
        case .string("object"): return object(schema)
        default: return [.plain("gemma4-value")]
        }
    }

    private mutating func reference(_ pointer: String) -> [Item] {
        if let name = definitions[pointer] { return [.plain(name)] }
        guard let target = root.target(of: pointer) else { return [.plain("gemma4-value")] }
        let name = nextName()
        definitions[pointer] = name
        rules.append((name, RuleText([value(target)]).text))
        return [.plain(name)]
    }

    private func choice(_ constants: [OrderedJSON]) -> [Item] {
        var alternatives: [[Item]] = []
        for constant in constants {
            switch constant {
            case .string(let text):
                guard let quoted = values.quoted(text) else { return [.plain("gemma4-string")] }
                alternatives.append([.plain(RuleText.literal(quoted))])
            case .number, .bool, .null: alternatives.append([.plain(RuleText.literal(constant.text))])
            case .array, .object: return [.plain("gemma4-value")]
            }
        }
        return [.group(alternatives)]
    }

    private mutating func array(_ schema: OrderedJSON) -> [Item] {
        guard let items = schema["items"] else { return [.plain("gemma4-array")] }
        let (least, most) = (number(schema["minItems"]) ?? 0, number(schema["maxItems"]))
        // Twice in a list, it would grow with the lists in one another by powers of two.
        var order = ArgumentOrder()
        let item = order.rule(value(items), nextName())
        rules += order.rules
        let more = most.map { "{\(max(0, least - 1)),\(max(0, $0 - 1))}" } ?? "{\(max(0, least - 1)),}"
        let list = item + [.group([[.plain("\",\""), .plain("space")] + item], suffix: more), .plain("space")]
        let inner: [Item] = most == 0 ? [] : least == 0 ? [.group([list], suffix: "?")] : list
        return [.plain("\"[\""), .plain("space")] + inner + [.plain("\"]\"")]
    }

    private func number(_ value: OrderedJSON?) -> Int? {
        if case .number(let text)? = value { Int(text) } else { nil }
    }

    private mutating func object(_ schema: OrderedJSON) -> [Item] {
        guard case .object(let properties) = schema["properties"],
            schema["additionalProperties"] ?? .bool(false) == .bool(false),
            !properties.contains(where: { $0.name.isEmpty || $0.name.contains { ":}\n".contains($0) } })
        else { return [.plain("gemma4-dict")] }
        let required: [OrderedJSON] = if case .array(let names) = schema["required"] { names } else { [] }
        var order = ArgumentOrder()
        var arguments: [ArgumentOrder.Argument] = []
        for property in properties {
            let items: [Item] = [.plain(RuleText.literal(property.name + ":")), .plain("space")]
            arguments.append(
                .init(items: items + value(property.value), isRequired: required.contains(.string(property.name))))
        }
        let list =
            arguments.isEmpty
            ? [] : order.sequence(of: arguments, [.plain("\",\""), .plain("space")], [], isList: true, nextName())
        rules += order.rules
        let isOptional = !arguments.contains { $0.isRequired }
        let inner: [Item] = list.isEmpty ? [] : [.group([list + [.plain("space")]], suffix: isOptional ? "?" : "")]
        return [.plain("\"{\""), .plain("space")] + inner + [.plain("\"}\"")]
    }
}
