/// A JSON value whose shape is not known beforehand.
///
/// The room that knows no network only holds such values; reading and writing their text is `FreshetHTTP`'s part.
public enum JSONValue: Sendable, Hashable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number without a fraction or an exponent, as large as 64 bits hold, with or without a sign.
    case integer(Int128)
    /// Any other number.
    case number(Double)
    /// Text.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// Members by name. Their order is not kept, because JSON gives it no meaning.
    case object([String: JSONValue])

    /// Whether the value holds nothing: `null`, or a list or an object without members.
    public var isEmpty: Bool {
        switch self {
        case .null: true
        case .array(let items): items.isEmpty
        case .object(let members): members.isEmpty
        case .bool, .integer, .number, .string: false
        }
    }

    /// The member of that name, where the value is an object that has it.
    public subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The value with another laid over it: objects are merged member by member, lists item by item, and of anything
    /// else `other` stands.
    public func merging(_ other: JSONValue) -> JSONValue {
        switch (self, other) {
        case (.object(let mine), .object(let theirs)):
            return .object(mine.merging(theirs) { $0.merging($1) })
        case (.array(let mine), .array(let theirs)):
            let common = zip(mine, theirs).map { $0.merging($1) }
            return .array(common + (mine.count > theirs.count ? mine : theirs).dropFirst(common.count))
        default:
            return other
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Text.
    public init(stringLiteral text: String) { self = .string(text) }

    /// A whole number.
    public init(integerLiteral number: Int) { self = .integer(Int128(number)) }

    /// `true` or `false`.
    public init(booleanLiteral bool: Bool) { self = .bool(bool) }

    /// A list.
    public init(arrayLiteral items: JSONValue...) { self = .array(items) }

    /// An object. Of two members with one name the later stands.
    public init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(Dictionary(members) { $1 })
    }
}
