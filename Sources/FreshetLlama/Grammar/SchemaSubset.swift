internal import Freshet

/// The part of JSON Schema that llama.cpp's converter keeps to, written so that it does.
///
/// The converter looks at a few keywords of each schema and passes over the others in silence, and answers could then break
/// the schema. Here a keyword that restricts is either put in a form that the converter keeps to, or refused by name.
/// Annotations are passed over, `format` included where it is none of date, time, date-time and uuid; so is every
/// keyword that the specification does not know.
///
/// Where the specification allows more than is kept to, answers are only a part of what is allowed: an object without
/// `additionalProperties` has the properties that are described and no others, in their order; `prefixItems` is the
/// whole list. Of `oneOf` the answer has any, which is exactly one where ``SchemaDisjointness`` holds them apart; others
/// are refused.
struct SchemaSubset {
    /// What the converter is given.
    private(set) var schema: OrderedJSON = .object([])
    /// Expressions of GBNF by the constant text that stands for each in ``schema``.
    var expressions: [SchemaExpression] = []

    /// What each ``mark`` begins with.
    static let mark = "freshet"

    /// The most schemas within a schema, one that several join counted for each.
    private static let countLimit = 5000

    private var count = 0
    private let root: OrderedJSON
    private let field: String
    /// Whether what cannot be kept to is left out, and not refused.
    private let isLenient: Bool
    /// Begins every name that is made up here. The schema's text does not hold it.
    let mark: String
    private var definitions: [OrderedJSON.Member] = []
    /// The names of definitions by the pointers that lead to them.
    private var names: [String: String] = [:]
    /// How many lists and objects there are around the schema that is read, and were around each target of a reference that
    /// is being read.
    private var nesting = 0
    private var targets: [String: Int] = [:]
    private var disjointness: SchemaDisjointness

    /// Reads a schema.
    ///
    /// - Parameters:
    ///   - field: the request's field that holds it.
    ///   - mark: what the names that are made up here begin with.
    ///   - isLenient: whether a keyword that cannot be kept to is left out, so that ``schema`` allows more than was asked
    ///     for. What is no schema at all is refused all the same.
    /// - Throws: ``GenerationError`` with code `invalidRequest` that names the keyword and the way to it.
    init(
        _ text: String, field: String, mark first: String = SchemaSubset.mark, isLenient: Bool = false
    ) throws(GenerationError) {
        guard let root = OrderedJSON(text) else {
            throw .invalid(
                field, "must be a JSON schema, of at most \(OrderedJSON.depthLimit) objects and lists in one another")
        }
        self.root = root
        self.field = field
        disjointness = SchemaDisjointness(root: root)
        self.isLenient = isLenient
        // As it reads, however its characters were escaped.
        let text = root.text
        var mark = first
        while text.contains(mark) { mark += "-x" }
        self.mark = mark
        let schema = try read(root, at: "#")
        guard case .object(let members) = schema, !definitions.isEmpty else {
            self.schema = schema
            return
        }
        self.schema = .object(members + [.init(name: "$defs", value: .object(definitions))])
    }

    /// A schema as the converter keeps to it.
    mutating func read(_ schema: OrderedJSON, at path: String) throws(GenerationError) -> OrderedJSON {
        count += 1
        guard count <= Self.countLimit else { throw complaint(path, "there are more than \(Self.countLimit) schemas") }
        if schema == .bool(true) { return .object([]) }
        guard case .object(let members) = schema else { throw complaint(path, "must be an object") }
        var keywords = SchemaKeywords(members)
        while let unknown = keywords.unsupported {
            try leaveOut(path, "\(unknown) cannot be kept to while an answer is written: leave it out")
            _ = keywords.take(unknown)
        }
        if keywords.take("$ref") != nil, let pointer = schema["$ref"] {
            try refuseRest(of: keywords, beside: "$ref", at: path)
            return try reference(pointer, at: path)
        }
        for name in ["anyOf", "oneOf"] {
            guard let alternatives = keywords.take(name) else { continue }
            let type = keywords.take("type")
            try refuseRest(of: keywords, beside: name, at: path)
            return .object([.init(name: "anyOf", value: .array(try items(alternatives, name, type, at: path)))])
        }
        if let parts = keywords.take("allOf"), let whole = try merge(parts, with: keywords, at: path) { return whole }
        if let value = keywords.take("const") {
            let type = keywords.take("type")
            try check([value], type: type, at: path)
            try refuseRest(of: keywords, beside: "const", at: path)
            return .object(named(type) + [.init(name: "const", value: value)])
        }
        if let values = keywords.take("enum") {
            guard case .array(let list) = values, !list.isEmpty else {
                throw complaint(path, "enum must be a list of at least one value")
            }
            let type = keywords.take("type")
            try check(list, type: type, at: path)
            try refuseRest(of: keywords, beside: "enum", at: path)
            return .object(named(type) + [.init(name: "enum", value: values)])
        }
        return try readType(keywords, at: path)
    }

    private mutating func readType(
        _ keywords: SchemaKeywords, at path: String
    ) throws(GenerationError) -> OrderedJSON {
        var keywords = keywords
        switch keywords.take("type") {
        case .string(let type): return try read(type, keywords, at: path)
        case .array(let types):
            guard Set(types).count == types.count, !types.isEmpty else {
                throw complaint(path, "type must name each of its types once")
            }
            var alternatives: [OrderedJSON] = []
            for type in types {
                guard case .string(let name) = type else { throw complaint(path, "type must hold names of types") }
                alternatives.append(try read(name, keywords, at: path))
            }
            return .object([.init(name: "anyOf", value: .array(alternatives))])
        case nil:
            let types = keywords.types
            guard let type = types.first else { return .object([]) }
            guard types.count == 1 else {
                try leaveOut(path, "a type is missing beside \(keywords.names.joined(separator: ", "))")
                return .object([])
            }
            return try read(type, keywords, at: path)
        default: throw complaint(path, "type must be the name of a type, or a list of them")
        }
    }

    /// A schema of one type. What restricts other types only says nothing about it.
    private mutating func read(
        _ type: String, _ keywords: SchemaKeywords, at path: String
    ) throws(GenerationError) -> OrderedJSON {
        var members = [OrderedJSON.Member(name: "type", value: .string(type))]
        switch type {
        case "object", "array":
            nesting += 1
            members += type == "object" ? try object(keywords, at: path) : try array(keywords, at: path)
            nesting -= 1
        case "string":
            if let pattern = keywords["pattern"] { return try self.pattern(pattern, keywords, at: path) }
            if let date = try date(keywords, at: path) { return date }
            members += try string(keywords, at: path)
        case "integer": members += try integer(keywords, at: path)
        case "number":
            if let bound = keywords.first(of: SchemaKeywords.bounds + ["multipleOf"]) {
                try leaveOut(path, "\(bound) can be kept to for integers, and not for numbers: leave it out")
            }
        case "boolean", "null": break
        default: throw complaint(path, "type is \(type.prefix(32)), which is none of JSON's")
        }
        return .object(members)
    }

    // MARK: - References and combinations

    private mutating func reference(_ pointer: OrderedJSON, at path: String) throws(GenerationError) -> OrderedJSON {
        guard case .string(let pointer) = pointer, pointer == "#" || pointer.hasPrefix("#/") else {
            throw complaint(path, "$ref must lead to a place in the same schema: #/…")
        }
        func member(_ name: String) -> OrderedJSON {
            .object([.init(name: "$ref", value: .string("#/$defs/\(name)"))])
        }
        guard targets[pointer] != nesting else {
            throw complaint(path, "$ref leads back to itself with no list or object between, which no value is")
        }
        if let name = names[pointer] { return member(name) }
        let name = "\(mark)-\(names.count)"
        names[pointer] = name
        let place = definitions.count
        definitions.append(.init(name: name, value: .object([])))
        targets[pointer] = nesting
        definitions[place].value = try read(try target(of: pointer, at: path), at: pointer)
        targets[pointer] = nil
        return member(name)
    }

    private func target(of pointer: String, at path: String) throws(GenerationError) -> OrderedJSON {
        guard let target = root.target(of: pointer) else {
            throw complaint(path, "$ref leads nowhere: \(pointer.prefix(64))")
        }
        return target
    }

    private mutating func items(
        _ list: OrderedJSON, _ keyword: String, _ type: OrderedJSON?, at path: String
    ) throws(GenerationError) -> [OrderedJSON] {
        guard case .array(let items) = list, !items.isEmpty else {
            throw complaint(path, "\(keyword) must be a list of at least one schema")
        }
        var (schemas, typed) = ([OrderedJSON](), [OrderedJSON]())
        for (place, item) in items.enumerated() {
            var item = item
            if let type, item["type"] != type {
                // The type that all alternatives have may stand beside them.
                guard case .object(let members) = item, item["type"] == nil,
                    !members.contains(where: { SchemaKeywords.applicators.contains($0.name) })
                else {
                    try leaveOut(path, "type beside \(keyword) is not looked at: put it into each schema")
                    typed.append(item)
                    schemas.append(try read(item, at: "\(path)/\(keyword)/\(place)"))
                    continue
                }
                item = .object([.init(name: "type", value: type)] + members)
            }
            typed.append(item)
            schemas.append(try read(item, at: "\(path)/\(keyword)/\(place)"))
        }
        if keyword == "oneOf", let (place, other) = disjointness.overlap(of: typed) {
            try leaveOut(
                path,
                "oneOf asks for exactly one of its schemas, but a value may obey those at \(place) and at \(other): use "
                    + "anyOf, or make them differ by their type, const, enum, bounds of integers, of lengths or of the "
                    + "number of items, or a required property"
            )
        }
        return schemas
    }

    /// One object with the properties of all; `nil` where they are left out.
    private mutating func merge(
        _ parts: OrderedJSON, with keywords: SchemaKeywords, at path: String
    ) throws(GenerationError) -> OrderedJSON? {
        guard case .array(let items) = parts, !items.isEmpty else {
            throw complaint(path, "allOf must be a list of at least one schema")
        }
        if items.count == 1, keywords.names.isEmpty { return try read(items[0], at: "\(path)/allOf/0") }
        let (properties, required) = ("properties", "required")
        var (described, needed, owners) = ([OrderedJSON.Member](), [OrderedJSON](), Set<String>())
        for var part in items.map({ $0 }) + [.object(keywords.members)] {
            var hops = 0
            while case .string(let pointer) = part["$ref"] {
                hops += 1
                guard hops < 32, case .object(let members) = part, SchemaKeywords(members).names == ["$ref"] else {
                    return try leaveOut(items, "allOf holds a $ref that cannot be followed", at: path)
                }
                part = try target(of: pointer, at: path)
            }
            guard case .object(let members) = part else { throw complaint(path, "allOf must hold objects") }
            var part = SchemaKeywords(members)
            let isObject = part.take("type").map { $0 == .string("object") } ?? true
            if part["additionalProperties"] == .bool(true) { _ = part.take("additionalProperties") }
            if case .object(let members) = part.take(properties) ?? .object([]) { described += members }
            if case .array(let names) = part.take(required) ?? .array([]) { needed += names }
            guard isObject, part.names.isEmpty else {
                return try leaveOut(items, "allOf can join objects by properties and required only", at: path)
            }
        }
        for member in described where !owners.insert(member.name).inserted {
            return try leaveOut(items, "allOf describes the property \(member.name.prefix(64)) twice", at: path)
        }
        let members: [OrderedJSON.Member] = [
            .init(name: "type", value: .string("object")), .init(name: properties, value: .object(described)),
            .init(name: required, value: .array(needed)),
        ]
        return try read(.object(members), at: path)
    }

    /// Refuses an `allOf` that cannot be kept to, unless it may be left out. What is no schema in it is refused all the
    /// same.
    private mutating func leaveOut(
        _ parts: [OrderedJSON], _ complaint: String, at path: String
    ) throws(GenerationError) -> OrderedJSON? {
        try leaveOut(path, complaint)
        let before = self
        for (place, part) in parts.enumerated() { _ = try read(part, at: "\(path)/allOf/\(place)") }
        let count = count
        self = before
        self.count = count
        return nil
    }

    // MARK: - Errors

    private func check(_ values: [OrderedJSON], type: OrderedJSON?, at path: String) throws(GenerationError) {
        guard let type else { return }
        let types: [OrderedJSON] = if case .array(let list) = type { list } else { [type] }
        for value in values where !types.contains(where: { value.types.contains($0) }) {
            try leaveOut(path, "the value \(value.text.prefix(64)) is not of the type")
        }
    }

    /// The name of a type, beside what says more: some forms of calls are chosen by it.
    private func named(_ type: OrderedJSON?) -> [OrderedJSON.Member] {
        guard case .string = type else { return [] }
        return [.init(name: "type", value: type ?? .null)]
    }

    private func refuseRest(
        of keywords: SchemaKeywords, beside name: String, at path: String
    ) throws(GenerationError) {
        guard let other = keywords.names.first else { return }
        try leaveOut(
            path, "\(other) cannot be kept to beside \(name): leave it out, or put it into the schemas there")
    }

    /// Refuses what cannot be kept to, unless it may be left out.
    func leaveOut(_ path: String, _ complaint: String) throws(GenerationError) {
        guard isLenient else { throw self.complaint(path, complaint) }
    }

    func complaint(_ path: String, _ complaint: String) -> GenerationError {
        .invalid(field, "cannot be used: at \(path.prefix(200)), \(complaint)")
    }
}

/// An expression of GBNF for the texts that a pattern allows, where the converter is given a constant.
struct SchemaExpression: Sendable {
    let constant: String
    let expression: String

    /// A grammar of the converter's, with each expression in its constant's place.
    static func replaceConstants(of expressions: [SchemaExpression], in grammar: String) -> String {
        guard !expressions.isEmpty else { return grammar }
        let found = Dictionary(expressions.map { ($0.constant, $0.expression) }) { first, _ in first }
        let (opening, closing) = ("\"\\\"", "\\\"\"")
        // Read once, however many there are.
        let parts = grammar.split(separator: opening + SchemaSubset.mark, omittingEmptySubsequences: false)
        return parts.dropFirst().reduce(into: String(parts[0])) { text, part in
            if let end = part.firstRange(of: closing),
                let expression = found[SchemaSubset.mark + part[..<end.lowerBound]]
            {
                text += "(\(expression))" + part[end.upperBound...]
            } else {
                text += opening + SchemaSubset.mark + part
            }
        }
    }
}

extension OrderedJSON {
    /// The names of the types that a value is of.
    fileprivate var types: [OrderedJSON] {
        switch self {
        case .null: [.string("null")]
        case .bool: [.string("boolean")]
        case .number: isInteger ? [.string("number"), .string("integer")] : [.string("number")]
        case .string: [.string("string")]
        case .array: [.string("array")]
        case .object: [.string("object")]
        }
    }
}
