internal import Foundation
internal import Freshet

/// Whether schemas of one document can have a value in common, as far as their plainest keywords tell: types, constants,
/// bounds of integers, of strings' lengths and of lists' numbers of items, and properties of objects.
///
/// Schemas are held apart only where it is proven: of all values that an answer can have by either, none is valid for the
/// other. What takes more work than a limit for the whole document allows, or is nested more deeply, is not proven.
struct SchemaDisjointness {
    private let root: OrderedJSON
    /// The work that is left, in comparisons and bytes of values.
    private var budget = 300_000
    private static let depthLimit = 12

    /// - Parameter root: the document, which references lead into.
    init(root: OrderedJSON) { self.root = root }

    /// The places of the first two of some schemas that may have a value in common.
    mutating func overlap(of schemas: [OrderedJSON]) -> (Int, Int)? {
        var all: [[SchemaExtent]] = []
        for schema in schemas { all.append(extents(of: schema, depth: 0)) }
        for place in all.indices {
            for other in all.indices.dropFirst(place + 1) where !areDisjoint(all[place], all[other], depth: 0) {
                return (place, other)
            }
        }
        return nil
    }

    private mutating func spend(_ work: Int) -> Bool {
        budget -= work
        return budget >= 0
    }

    // MARK: - Comparing

    private mutating func areDisjoint(_ left: [SchemaExtent], _ right: [SchemaExtent], depth: Int) -> Bool {
        for one in left {
            for other in right where !areDisjoint(one, other, depth: depth) { return false }
        }
        return true
    }

    private mutating func areDisjoint(_ left: SchemaExtent, _ right: SchemaExtent, depth: Int) -> Bool {
        guard spend(max(1, min(left.values?.count ?? 0, right.values?.count ?? 0))) else { return false }
        if let values = left.values, let others = right.values, values.isDisjoint(with: others) { return true }
        // What is written by the one and allowed by the other.
        let common = left.written.intersection(right.allowed).union(left.allowed.intersection(right.written))
        let numbers: JSONTypes = [.integer, .fraction]
        if !common.isDisjoint(with: numbers), left.numbers.overlaps(right.numbers) { return false }
        if common.contains(.string), left.lengths.overlaps(right.lengths) { return false }
        if common.contains(.array), left.counts.overlaps(right.counts) { return false }
        if common.contains(.object), !haveOtherProperties(left, right, depth: depth) { return false }
        return common.isDisjoint(with: [.null, .boolean])
    }

    /// Whether there is a property that one of two objects must have, and the other cannot have with such a value.
    private mutating func haveOtherProperties(_ left: SchemaExtent, _ right: SchemaExtent, depth: Int) -> Bool {
        for (one, other) in [(left, right), (right, left)] {
            for name in one.required {
                guard spend(1) else { return false }
                guard let counterpart = other.properties[name] else {
                    if other.isClosed { return true }
                    continue
                }
                guard let property = one.properties[name] else { continue }
                let (mine, theirs) = (
                    extents(of: property, depth: depth + 1), extents(of: counterpart, depth: depth + 1)
                )
                if areDisjoint(mine, theirs, depth: depth + 1) { return true }
            }
        }
        return false
    }

    // MARK: - Reading

    /// Extents, one of which each value of the schema is within.
    private mutating func extents(of schema: OrderedJSON, depth: Int) -> [SchemaExtent] {
        guard depth <= Self.depthLimit, case .object(let members) = schema, spend(1 + members.count) else {
            return [SchemaExtent()]
        }
        let keywords = SchemaKeywords(members)
        if case .string(let pointer) = keywords["$ref"] {
            return root.target(of: pointer).map { extents(of: $0, depth: depth + 1) } ?? [SchemaExtent()]
        }
        if case .array(let alternatives) = keywords["anyOf"] ?? keywords["oneOf"] {
            var all: [SchemaExtent] = []
            for alternative in alternatives {
                // A type beside the alternatives is that of each.
                let type = alternative["type"] == nil ? keywords.members.filter { $0.name == "type" } : []
                guard case .object(let members) = alternative else { return [SchemaExtent()] }
                all += extents(of: .object(type + members), depth: depth + 1)
            }
            return all
        }
        if case .array(let parts) = keywords["allOf"] { return [whole(of: parts, beside: keywords, depth: depth)] }
        let values = keywords["const"].map { [$0] } ?? keywords["enum"]?.items
        guard let values else { return [SchemaExtent(keywords)] }
        guard spend(values.reduce(0) { $0 + $1.text.utf8.count }) else { return [SchemaExtent()] }
        return [SchemaExtent(values: values)]
    }

    /// The extent of an object with the properties of all parts, which is all that they may describe.
    private mutating func whole(
        of parts: [OrderedJSON], beside keywords: SchemaKeywords, depth: Int
    ) -> SchemaExtent {
        var whole = SchemaExtent()
        for part in parts + [.object(keywords.members.filter { $0.name != "allOf" })] {
            let found = extents(of: part, depth: depth + 1)
            guard found.count == 1 else { return SchemaExtent() }
            whole.narrow(to: found[0])
        }
        return whole
    }
}

/// Kinds of JSON's values, of which no value has two: a number is either an integer or has a fraction.
struct JSONTypes: OptionSet {
    let rawValue: Int
    static let null = JSONTypes(rawValue: 1)
    static let boolean = JSONTypes(rawValue: 2)
    static let integer = JSONTypes(rawValue: 4)
    static let fraction = JSONTypes(rawValue: 8)
    static let string = JSONTypes(rawValue: 16)
    static let array = JSONTypes(rawValue: 32)
    static let object = JSONTypes(rawValue: 64)
    static let all = JSONTypes(rawValue: 127)

    init(rawValue: Int) { self.rawValue = rawValue }

    /// Those of a type's name.
    init(name: String) {
        switch name {
        case "null": self = .null
        case "boolean": self = .boolean
        case "integer": self = .integer
        case "number": self = [.integer, .fraction]
        case "string": self = .string
        case "array": self = .array
        case "object": self = .object
        default: self = .all
        }
    }
}

/// What is known of the values of one schema: at least all of them are within.
private struct SchemaExtent {
    /// The types of what an answer can have by the schema, and of what the specification allows.
    var written = JSONTypes.all
    var allowed = JSONTypes.all
    /// The only values, written so that equal ones are the same.
    var values: Set<String>?
    /// What numbers are between, the lengths of strings, in Unicode scalars, and the numbers of a list's items.
    var numbers = Bounds()
    var lengths = Bounds()
    var counts = Bounds()
    /// An object's properties, those that it must have, and whether it has no others. Names are told apart by their bytes.
    var properties: [[UInt8]: OrderedJSON] = [:]
    var required: Set<[UInt8]> = []
    var isClosed = false

    /// Everything.
    init() {}

    /// That of constants.
    init(values: [OrderedJSON]) {
        self.values = Set(values.map(\.canonicalText))
        written = values.reduce(into: []) { $0.formUnion($1.type) }
        allowed = written
        numbers = Bounds(around: values.compactMap { if case .number(let text) = $0 { Double(text) } else { nil } })
        lengths = Bounds(
            around: values.compactMap {
                if case .string(let text) = $0 { Double(text.unicodeScalars.count) } else { nil }
            })
        counts = Bounds(around: values.compactMap { $0.items.map { Double($0.count) } })
    }

    /// That of a schema without combinations and constants.
    init(_ keywords: SchemaKeywords) {
        let told = keywords.types.reduce(into: JSONTypes()) { $0.formUnion(JSONTypes(name: $1)) }
        if !told.isEmpty { written = told }
        if let type = keywords["type"] {
            allowed = (type.items ?? [type]).reduce(into: []) { types, name in
                if case .string(let name) = name { types.formUnion(JSONTypes(name: name)) }
            }
            written = allowed
        }
        let integers = keywords.integers(within: .infinity)
        numbers = Bounds(least: integers.least, most: integers.most)
        lengths = Bounds(least: keywords.number("minLength"), most: keywords.number("maxLength"))
        counts = Bounds(least: keywords.number("minItems"), most: keywords.number("maxItems"))
        if case .object(let properties) = keywords["properties"] {
            for property in properties { self.properties[Array(property.name.utf8)] = property.value }
        }
        for case .string(let name) in keywords["required"]?.items ?? [] { required.insert(Array(name.utf8)) }
        isClosed = keywords["additionalProperties"] == .bool(false)
    }

    /// Keeps what is within another too. An end to properties says nothing of those of another part, and is left out.
    mutating func narrow(to other: SchemaExtent) {
        written.formIntersection(other.written)
        allowed.formIntersection(other.allowed)
        values = values ?? other.values
        numbers.narrow(to: other.numbers)
        lengths.narrow(to: other.lengths)
        counts.narrow(to: other.counts)
        properties.merge(other.properties) { first, _ in first }
        required.formUnion(other.required)
    }
}

/// Two numbers, which some others are not outside of.
private struct Bounds {
    var least = -Double.infinity
    var most = Double.infinity

    /// - Parameters:
    ///   - least: the lower one; `nil` for none.
    ///   - most: the upper one; `nil` for none.
    init(least: Double? = nil, most: Double? = nil) {
        (self.least, self.most) = (least ?? self.least, most ?? self.most)
    }

    /// Those of some numbers; none of no number.
    init(around numbers: [Double]) { self.init(least: numbers.min(), most: numbers.max()) }

    func overlaps(_ other: Bounds) -> Bool { least <= other.most && other.least <= most }

    mutating func narrow(to other: Bounds) { (least, most) = (max(least, other.least), min(most, other.most)) }
}

extension OrderedJSON {
    /// A list's items.
    fileprivate var items: [OrderedJSON]? { if case .array(let items) = self { items } else { nil } }

    fileprivate var type: JSONTypes {
        switch self {
        case .null: .null
        case .bool: .boolean
        case .number: isInteger ? .integer : .fraction
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    /// A text that equal values share: numbers by their value, members in the order of their names.
    fileprivate var canonicalText: String {
        switch self {
        // 0 is added because there are two zeros.
        case .number(let text): "\((Double(text) ?? .infinity) + 0)"
        case .array(let items): "[" + items.map(\.canonicalText).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.map { OrderedJSON.string($0.name).text + ":" + $0.value.canonicalText }.sorted()
                .joined(separator: ",") + "}"
        case .null, .bool, .string: text
        }
    }
}
