/// Holds the arguments of calls to their tools' schemas in forms where llama.cpp's rules do not.
///
/// Its forms with marks around each argument take any text for one that may be a text, and let an argument be given again
/// and again; some let one be left out that is required, or have any text for a value. What takes their place here is read
/// by the same parsers.
struct CallArguments {
    private typealias Item = RuleText.Item

    /// A parameter of a tool.
    private struct Parameter {
        var name: String
        var schema: OrderedJSON
        var isRequired: Bool
    }

    /// What the names of rules begin with that stand for a tool, and those of its arguments.
    private static let forms = [
        (tool: "tool-", argument: "-arg-"), (tool: "kimi-k3-tool-", argument: "kimi-k3-arg-"),
        (tool: "ling3-tool-", argument: "ling3-arg-"),
    ]

    /// What the names of rules begin with that are made here, and none of llama.cpp's.
    private static let own = "freshet-"

    private var lines: [Substring: Substring] = [:]
    private var order: [Substring] = []
    private var values: CallValues
    /// The tool at hand: its schema, its parameters by the literals of their names, and what the names of its arguments' rules
    /// begin with.
    private var schema = OrderedJSON.null
    private var parameters: [String: Parameter] = [:]
    private var prefix = ""

    /// A grammar for calls whose arguments are held to schemas.
    static func held(_ grammar: String, to schemas: CallSchemas) -> String {
        var arguments = CallArguments(grammar, schemas)
        for (tool, schema) in schemas.tools {
            guard let schema = OrderedJSON(schema), case .object(let properties) = schema["properties"] else {
                continue
            }
            arguments.hold(tool.name, schema, properties)
        }
        return arguments.order.map { "\($0) ::= \(arguments.lines[$0] ?? "")" }.joined(separator: "\n")
    }

    private init(_ grammar: String, _ schemas: CallSchemas) {
        values = CallValues(expressions: Set(schemas.expressions.map(\.constant)))
        for line in grammar.split(separator: "\n") {
            guard let mark = line.firstRange(of: " ::= ") else { continue }
            add(line[..<mark.lowerBound], line[mark.upperBound...])
        }
    }

    private mutating func add(_ name: Substring, _ text: Substring) {
        if lines.updateValue(text, forKey: name) == nil { order.append(name) }
    }

    private func rule(_ name: String) -> RuleText? { lines[name[...]].map { RuleText($0) } }

    private mutating func hold(_ tool: String, _ schema: OrderedJSON, _ properties: [OrderedJSON.Member]) {
        self.schema = schema
        let required: Set<OrderedJSON> = if case .array(let names) = schema["required"] { Set(names) } else { [] }
        let definitions = schema["$defs"].map { [OrderedJSON.Member(name: "$defs", value: $0)] } ?? []
        parameters = [:]
        for property in properties {
            var schema = property.value
            if case .object(let members) = schema { schema = .object(members + definitions) }
            parameters[RuleText.literal(property.name)] = Parameter(
                name: property.name, schema: schema, isRequired: required.contains(.string(property.name)))
        }
        let key = Self.ruleName(tool)
        for form in Self.forms {
            guard let rule = rule(form.tool + key) else { continue }
            prefix = form.tool == "tool-" ? form.tool + key + form.argument : form.argument + key + "-"
            for property in properties {
                let name = prefix + Self.ruleName(property.name)
                guard let rule = self.rule(name), let parameter = parameters[RuleText.literal(property.name)] else {
                    continue
                }
                add(name[...], RuleText(rule.alternatives.map { held($0, to: parameter) }).text[...])
            }
            let alternatives = rule.alternatives.map { items in rewritten(items, Self.own + form.tool + key) }
            add((form.tool + key)[...], RuleText(alternatives).text[...])
        }
        let new = values.takeRules()
        for (name, text) in new { add(name[...], text[...]) }
    }

    /// A name as llama.cpp has it in rules.
    private static func ruleName(_ name: String) -> String {
        name.unicodeScalars.reduce(into: "") { result, scalar in
            if scalar.isASCII, scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "-" {
                result.unicodeScalars.append(scalar)
            } else if !result.hasSuffix("\u{0}") {
                result += "\u{0}"
            }
        }.replacing("\u{0}", with: "-")
    }

    // MARK: - How often arguments come

    /// A sequence in which arguments that may follow one another without end come as their schema has it.
    private mutating func rewritten(_ items: [Item], _ name: String) -> [Item] {
        var result: [Item] = []
        for item in items {
            switch item {
            case .plain("gemma4-dict", _):
                var gemma = GemmaArguments(schema, name, values: values)
                result += gemma.items()
                for rule in gemma.rules { add(rule.name[...], rule.text[...]) }
            case .group(let alternatives, let suffix):
                if suffix == "*", let (before, choice, after) = turns(alternatives) {
                    result += sequence(of: choice, before, after, isList: false, name)
                } else if alternatives.count == 1, let (separator, choice) = list(alternatives[0]) {
                    result += sequence(of: choice, separator, [], isList: true, name)
                } else {
                    var inner: [[Item]] = []
                    for alternative in alternatives { inner.append(rewritten(alternative, name)) }
                    result.append(.group(inner, suffix: suffix))
                }
            case .plain: result.append(item)
            }
        }
        return result
    }

    /// The arguments of which one is in each turn, and what is around it; `nil` where there are none.
    private func turns(_ alternatives: [[Item]]) -> (before: [Item], choice: [[Item]], after: [Item])? {
        guard alternatives.count == 1 else {
            return alternatives.allSatisfy { parameter(of: $0) != nil } ? ([], alternatives, []) : nil
        }
        for (place, item) in alternatives[0].enumerated() {
            guard let choice = choice(item) else { continue }
            return (Array(alternatives[0][..<place]), choice, Array(alternatives[0][(place + 1)...]))
        }
        return nil
    }

    /// The arguments of a list that has one at least, and what separates them.
    private func list(_ items: [Item]) -> (separator: [Item], choice: [[Item]])? {
        guard items.count == 2, case .group(let rest, "*") = items[1], let choice = choice(items[0]),
            let (separator, others, after) = turns(rest), after.isEmpty, !separator.isEmpty,
            others.count == choice.count
        else { return nil }
        return (separator, choice)
    }

    private func choice(_ item: Item) -> [[Item]]? {
        switch item {
        case .plain(let word, ""): parameter(of: [.plain(word)]) == nil ? nil : [[item]]
        case .group(let alternatives, ""):
            alternatives.allSatisfy { parameter(of: $0) != nil } ? alternatives : nil
        default: nil
        }
    }

    /// The parameter whose argument a sequence is: the first whose name is in it.
    private func parameter(of items: [Item]) -> Parameter? {
        for item in items {
            switch item {
            case .plain(let word, _):
                if word.hasPrefix("\"") {
                    if let found = parameters[word] { return found }
                } else if word.hasPrefix(prefix), let rule = rule(word) {
                    return rule.alternatives.first.flatMap { parameter(of: $0) }
                }
            case .group(let alternatives, _):
                if let found = alternatives.first.flatMap({ parameter(of: $0) }) { return found }
            }
        }
        return nil
    }

    /// Arguments of which none comes twice, and all that are required come.
    private mutating func sequence(
        of choice: [[Item]], _ before: [Item], _ after: [Item], isList: Bool, _ name: String
    ) -> [Item] {
        var arguments: [ArgumentOrder.Argument] = []
        for items in choice {
            guard let parameter = parameter(of: items) else { continue }
            arguments.append(.init(items: held(items, to: parameter), isRequired: parameter.isRequired))
        }
        var order = ArgumentOrder()
        defer { for rule in order.rules { add(rule.name[...], rule.text[...]) } }
        return order.sequence(of: arguments, before, after, isList: isList, name)
    }

    // MARK: - Values

    private mutating func held(_ items: [Item], to parameter: Parameter) -> [Item] {
        let name = Self.own + prefix + Self.ruleName(parameter.name) + "-value"
        return values.held(items, to: parameter.schema, name) { [lines] in lines[$0[...]].map { RuleText($0) } }
    }
}
