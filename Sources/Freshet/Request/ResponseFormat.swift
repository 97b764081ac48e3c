/// The form that an answer is held to: while it is written, only tokens are chosen with which it can still have it.
///
/// An answer that ends by itself, or because nothing can follow, has the form whole. One that was cut, by its limit of
/// tokens, the end of the context or a stop sequence, is the beginning of such a text, and its ``Finish`` says so.
///
/// ```swift
/// var request = GenerationRequest(prompt: .text("A dragon as JSON: "))
/// request.responseFormat = .jsonSchema(#"{"type": "object", "properties": {"name": {"type": "string"}}}"#)
/// ```
public enum ResponseFormat: Sendable, Hashable {
    /// Any text.
    case text
    /// Any JSON object.
    case jsonObject
    /// A JSON value that a schema allows, given as the schema's JSON text. Objects have their properties in its order.
    ///
    /// Kept to are `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`, `prefixItems`,
    /// `minItems`, `maxItems`, `minLength`, `maxLength`, `pattern`, the formats `date`, `time`, `date-time` and `uuid`
    /// (of days that there are), the bounds of integers, `anyOf`, `oneOf` of schemas that no value can obey two of,
    /// which is told from their types, constants, bounds of integers and required properties, `allOf` of objects, and
    /// `$ref` within the schema. What else would restrict the answer, as `not` or `uniqueItems` do, is refused by name;
    /// annotations and other formats are passed over.
    case jsonSchema(String)
    /// A text of a grammar in GBNF, llama.cpp's notation, from its rule `root` on.
    case grammar(String)
    /// A text that a regular expression matches from its beginning to its end, in the notation of JavaScript, without
    /// references back and without looking around.
    case regex(String)

    /// The most UTF-8 bytes of a schema, a grammar and a regular expression.
    public static let sizeLimits = (schema: 128 << 10, grammar: 1 << 20, regex: 8 << 10)

    /// What the form is called in an error: the field that asks for it in llama.cpp's server.
    package var field: String {
        switch self {
        case .text, .jsonObject: "response_format"
        case .jsonSchema: "json_schema"
        case .grammar: "grammar"
        case .regex: "regex"
        }
    }

    /// Checks what can be checked without a model.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest``, naming the parameter.
    public func validate() throws(GenerationError) {
        let (text, limit): (String, Int)
        switch self {
        case .text, .jsonObject: return
        case .jsonSchema(let schema): (text, limit) = (schema, Self.sizeLimits.schema)
        case .grammar(let grammar): (text, limit) = (grammar, Self.sizeLimits.grammar)
        case .regex(let regex): (text, limit) = (regex, Self.sizeLimits.regex)
        }
        guard !text.isEmpty else { throw .invalid(field, "must not be empty") }
        guard text.utf8.count <= limit else {
            throw .invalid(field, "may have at most \(limit) UTF-8 bytes, but has \(text.utf8.count)")
        }
        guard !text.utf8.contains(0) else { throw .invalid(field, "must not contain the character U+0000") }
    }
}
