/// Holds the values of a call's arguments to their schemas, where a rule of llama.cpp's takes any text for them.
struct CallValues {
    private typealias Item = RuleText.Item

    /// Constants of the schemas that stand for something else.
    private let expressions: Set<String>
    private var rules: [(name: String, text: String)] = []

    /// - Parameter expressions: constants of the schemas that stand for expressions of a grammar.
    init(expressions: Set<String>) { self.expressions = expressions }

    /// The rules that were made since the last call.
    mutating func takeRules() -> [(name: String, text: String)] {
        defer { rules = [] }
        return rules
    }

    /// What an argument is, with its value held.
    ///
    /// - Parameters:
    ///   - name: a name for a rule of its own.
    ///   - rule: the rule of a name, of llama.cpp's grammar.
    mutating func held(
        _ items: [RuleText.Item], to schema: OrderedJSON, _ name: String, rule: (String) -> RuleText?
    ) -> [RuleText.Item] {
        // LFM2's are Python's, and JSON is read too.
        if case .plain("python-or-json-value", _)? = items.last {
            guard let json = pythonValue(schema, name) else { return items }
            return items.dropLast() + json
        }
        if case .group(let alternatives, _)? = items.last, items.count == 2, Self.isPythonText(alternatives),
            case .object(let members) = schema, members.contains(where: { !["type", "$defs"].contains($0.name) })
        {
            return json(schema, name).map { [items[0]] + $0 } ?? items
        }
        // Kimi K3's parser reads what has no type, or several, as a text.
        if name.hasPrefix("freshet-kimi-k3-arg-"), case .string(let type) = schema["type"] ?? .null, type != "string" {
            let place = items.firstIndex { item in
                if case .plain(let word, _) = item { word.hasPrefix("until-") } else { false }
            }
            guard let place, let json = json(schema, name) else { return items }
            return items[..<place] + json + items[(place + 1)...]
        }
        guard let texts = texts(of: schema) else { return items }
        return items.flatMap { withTexts($0, texts, rule: rule) }
    }

    // MARK: - Texts

    /// The texts that a schema allows, if it names them, and they can stand between marks of any form.
    private func texts(of schema: OrderedJSON) -> [String]? {
        let list: [OrderedJSON]
        if let constant = schema["const"] {
            list = [constant]
        } else if case .array(let values) = schema["enum"] {
            list = values
        } else {
            return nil
        }
        var texts: [String] = []
        for value in list {
            guard case .string(let text) = value, !expressions.contains(text),
                text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !"<>[]".unicodeScalars.contains($0) })
            else { return nil }
            texts.append(text)
        }
        return texts
    }

    /// A text as Gemma 4 writes it; `nil` for what stands for an expression, or has a quote in it.
    func quoted(_ text: String) -> String? {
        expressions.contains(text) || text.contains("<|") ? nil : "<|\"|>\(text)<|\"|>"
    }

    /// What takes an item's place that reads a text, with the mark at its end where it reads that too.
    private func withTexts(_ item: Item, _ texts: [String], rule: (String) -> RuleText?) -> [Item] {
        let choice = Item.group(texts.map { [.plain(RuleText.literal($0))] })
        switch item {
        case .plain(let word, _):
            if word.hasPrefix("until-") { return [choice] }
            if word.hasPrefix("ac-") { return Self.mark(word, rule).map { [choice, .plain($0)] } ?? [item] }
            guard ["xml-arg-string", "ling3-arg-string"].contains(word),
                let inner = rule(word)?.alternatives.first
            else { return [item] }
            return inner.flatMap { withTexts($0, texts, rule: rule) }
        case .group(let alternatives, let suffix):
            // MiniCPM5 has two ways to write a text.
            if alternatives.count == 2, case .plain(#""<![CDATA[""#, _)? = alternatives[0].first {
                return alternatives[1].flatMap { withTexts($0, texts, rule: rule) }
            }
            return [.group(alternatives.map { $0.flatMap { withTexts($0, texts, rule: rule) } }, suffix: suffix)]
        }
    }

    /// The mark that a rule of llama.cpp's reads up to, as a literal: the way through its states that goes on at each.
    private static func mark(_ name: String, _ rule: (String) -> RuleText?) -> String? {
        var mark = ""
        var state = name
        for depth in 1...100 {
            guard let alternatives = rule(state)?.alternatives else { return nil }
            let next = "\(name)-\(depth < 10 ? "0" : "")\(depth)"
            var character: Substring?
            var isEnd = false
            for items in alternatives {
                guard case .plain(let set, "")? = items.first, set.hasPrefix("["), !set.hasPrefix("[^") else {
                    continue
                }
                if items.count == 1 {
                    (character, isEnd) = (set.dropFirst().dropLast(), true)
                } else if case .plain(next, _) = items[1] {
                    character = set.dropFirst().dropLast()
                }
            }
            guard let character else { return nil }
            // What has a meaning in a class only has none in a literal, and a quote has one.
            let isClassEscape = ["\\[", "\\]", "\\-"].contains(character)
            mark += isClassEscape ? character.dropFirst() : character == "\"" ? "\\\"" : character
            if isEnd { return "\"\(mark)\"" }
            state = next
        }
        return nil
    }

    // MARK: - JSON

    private static func isPythonText(_ alternatives: [[Item]]) -> Bool {
        if alternatives.count == 2, case .plain(#""\"""#, _)? = alternatives[0].first,
            case .plain(#""'""#, _)? = alternatives[1].first
        {
            true
        } else {
            false
        }
    }

    private mutating func pythonValue(_ schema: OrderedJSON, _ name: String) -> [Item]? {
        switch schema["type"] {
        case .string("boolean") where schema["enum"] == nil && schema["const"] == nil:
            [.group([[.plain("python-bool")], [.plain("json-bool")]])]
        case .string("null"): [.group([[.plain("python-none")], [.plain("json-null")]])]
        default: json(schema, name)
        }
    }

    /// The rules of llama.cpp's converter that are the same in each grammar.
    private static let shared: Set<Substring> = [
        "space", "boolean", "null", "number", "integer", "integral-part", "decimal-part", "string", "char", "value",
        "object", "array", "uuid", "date", "time", "date-time", "date-string", "time-string", "date-time-string",
    ]

    /// A rule for the JSON that a schema allows; `nil` where it says nothing, or cannot be converted.
    mutating func json(_ schema: OrderedJSON, _ name: String) -> [RuleText.Item]? {
        guard schema != .object([]), let grammar = try? SchemaSubset.convert(schema.text) else { return nil }
        var lines: [(name: Substring, text: Substring)] = []
        for line in grammar.split(separator: "\n") {
            guard let mark = line.firstRange(of: " ::= ") else { continue }
            lines.append((line[..<mark.lowerBound], line[mark.upperBound...]))
        }
        let own = Set(lines.map(\.name)).subtracting(Self.shared)
        func renamed(_ word: Substring) -> String { own.contains(word) ? "\(name)-\(word)" : String(word) }
        func renamed(_ items: [Item]) -> [Item] {
            items.map { item in
                switch item {
                case .plain(let word, let suffix): .plain(renamed(word[...]), suffix: suffix)
                case .group(let inner, let suffix): .group(inner.map { renamed($0) }, suffix: suffix)
                }
            }
        }
        for line in lines {
            let rule = RuleText(line.text)
            rules.append((renamed(line.name), RuleText(rule.alternatives.map { renamed($0) }).text))
        }
        return [.plain("\(name)-root")]
    }
}
