/// A JSON value and the way to it from the root, so that whoever finds it wrong can say where it stands:
/// `messages[1].role`.
package struct JSONField: Sendable {
    /// The value.
    package let value: JSONValue
    /// The way to the value, as OpenAI writes it in an error's `param`; empty for the root.
    package let path: String

    /// A value and the way to it.
    package init(_ value: JSONValue, path: String = "") { (self.value, self.path) = (value, path) }

    /// The member of that name; `nil` where there is none, where it is `null`, or where the value is no object.
    package subscript(name: String) -> JSONField? {
        guard let member = value[name], member != .null else { return nil }
        return JSONField(member, path: path.isEmpty ? name : "\(path).\(name)")
    }

    /// The text.
    package func string() throws(GenerationError) -> String {
        guard case .string(let text) = value else { throw mismatch("a string") }
        return text
    }

    /// The truth value.
    package func bool() throws(GenerationError) -> Bool {
        guard case .bool(let bool) = value else { throw mismatch("true or false") }
        return bool
    }

    /// The whole number, also one that is written with a fraction of zero.
    package func integer<Number: FixedWidthInteger>() throws(GenerationError) -> Number {
        let number: Number?
        switch value {
        case .integer(let whole): number = Number(exactly: whole)
        case .number(let double) where double.rounded() == double: number = Number(exactly: double)
        case .number: throw complaint("must be a whole number")
        default: throw mismatch("a whole number")
        }
        guard let number else { throw complaint("must be a whole number from \(Number.min) to \(Number.max)") }
        return number
    }

    /// The number, rounded to a `Double`.
    package func double() throws(GenerationError) -> Double {
        switch value {
        case .integer(let whole): return Double(whole)
        case .number(let double): return double
        default: throw mismatch("a number")
        }
    }

    /// The number, rounded to a `Float`; one that is too large becomes infinite.
    package func float() throws(GenerationError) -> Float { Float(try double()) }

    /// The list's items.
    package func items() throws(GenerationError) -> [JSONField] {
        guard case .array(let items) = value else { throw mismatch("a list") }
        return items.enumerated().map { JSONField($1, path: "\(path)[\($0)]") }
    }

    /// The object's members by name.
    package func members() throws(GenerationError) -> [String: JSONValue] {
        guard case .object(let members) = value else { throw mismatch("an object") }
        return members
    }

    /// The error that says what is wrong with the value: "must not be empty".
    package func complaint(_ complaint: String) -> GenerationError {
        path.isEmpty
            ? GenerationError(.invalidRequest, "The JSON \(complaint).") : .invalid(path, complaint)
    }

    /// The error for a value of the wrong kind.
    package func mismatch(_ expected: String) -> GenerationError {
        complaint("must be \(expected), but is \(value.kind)")
    }
}

extension JSONValue {
    /// What the value is, in words.
    fileprivate var kind: String {
        switch self {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
