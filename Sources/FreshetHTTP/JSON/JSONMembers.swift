import Freshet

/// An object's members, taken out one by one; what is left in the end is what nobody knew.
///
/// A member is taken only when it has the kind that is asked for: a value of another kind stays. Members that are
/// `null` say nothing, and are gone from the beginning.
struct JSONMembers: Sendable {
    /// What has not been taken.
    private(set) var rest: [String: JSONValue]

    /// Begins with all of an object's members.
    init(_ members: [String: JSONValue]) { rest = members.filter { $0.value != .null } }

    /// Puts a member back, or in.
    mutating func put(_ value: JSONValue, as name: String) { rest[name] = value }

    /// Forgets a member, whatever it is.
    mutating func drop(_ name: String) { rest[name] = nil }

    /// Forgets a member that has that value.
    mutating func drop(_ name: String, where value: JSONValue) { if rest[name] == value { rest[name] = nil } }

    /// Takes a member that a function can read.
    mutating func take<Value>(_ name: String, _ read: (JSONValue) -> Value?) -> Value? {
        guard let value = rest[name].flatMap(read) else { return nil }
        rest[name] = nil
        return value
    }

    /// Takes a text.
    mutating func string(_ name: String) -> String? { take(name, \.string) }

    /// Takes a whole number from 0 to what a count may be.
    mutating func count(_ name: String) -> Int? { take(name, \.count) }

    /// Takes a duration of that many milliseconds.
    mutating func milliseconds(_ name: String) -> Duration? {
        take(name) { $0.double.flatMap(Duration.init(milliseconds:)) }
    }

    /// Takes what is known out of a member that is an object. The member goes when nothing is left of it.
    mutating func object<Value, Failure: Error>(
        _ name: String, _ take: (inout JSONMembers) throws(Failure) -> Value?
    ) throws(Failure) -> Value? {
        guard case .object(let members) = rest[name] else { return nil }
        var inner = JSONMembers(members)
        let value = try take(&inner)
        rest[name] = inner.rest.isEmpty ? nil : .object(inner.rest)
        return value
    }

    /// Takes what is known out of every object of a member that is a list. The list keeps the places of what is left,
    /// and goes when that is nothing.
    mutating func items<Failure: Error>(
        _ name: String, _ take: (Int, inout JSONMembers) throws(Failure) -> Void
    ) throws(Failure) {
        guard case .array(var items) = rest[name] else { return }
        for (place, item) in items.enumerated() {
            guard case .object(let members) = item else { continue }
            var inner = JSONMembers(members)
            try take(place, &inner)
            items[place] = .object(inner.rest)
        }
        while let last = items.last, last.isEmpty { items.removeLast() }
        rest[name] = items.isEmpty ? nil : .array(items)
    }
}

extension JSONValue {
    /// The text, where the value is text.
    var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The number, where it is a whole one, also if it is written with a fraction of zero.
    var whole: Int? {
        switch self {
        case .integer(let number): Int(exactly: number)
        case .number(let number): Int(exactly: number)
        default: nil
        }
    }

    /// The number, where it can be a count of tokens, bytes or choices: 0 to 2³¹ - 1, so that counts can be added.
    var count: Int? { whole.flatMap { 0...Int(Int32.max) ~= $0 ? $0 : nil } }

    /// The number, where the value is a number.
    var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }

    /// The bytes, where the value is a list of them.
    var bytes: [UInt8]? {
        guard case .array(let items) = self else { return nil }
        let bytes = items.compactMap { $0.count.flatMap(UInt8.init(exactly:)) }
        return bytes.count == items.count ? bytes : nil
    }
}
