internal import CLlama
package import Freshet

extension ResponseFormat {
    /// The texts that have this form; `nil` for any text. It may take some tenths of a second for a large schema.
    ///
    /// - Throws: ``GenerationError`` with code `invalidRequest` that says what cannot be kept to.
    package func grammar() throws(GenerationError) -> Grammar? {
        switch self {
        case .text: return nil
        case .jsonObject: return try Self.makeGrammar(schema: #"{"type":"object"}"#, field: "response_format")
        case .jsonSchema(let schema): return try Self.makeGrammar(schema: schema, field: "json_schema")
        case .grammar(let text): return Grammar(text: text)
        case .regex(let regex):
            do {
                return Grammar(
                    text: "root ::= " + (try RegexGrammar.expression(of: regex, as: .answer)), field: "regex")
            } catch {
                throw .invalid("regex", error.text)
            }
        }
    }

    /// The grammar of a schema: llama.cpp's, of what it keeps to, with its rules mended.
    private static func makeGrammar(schema: String, field: String) throws(GenerationError) -> Grammar {
        let subset = try SchemaSubset(schema, field: field)
        var text = try SchemaSubset.convert(subset.schema.text)
        text = SchemaSubset.mendingValues(of: text)
        for (rule, mended) in mendedRules { text = text.replacing(rule, with: mended) }
        text = SchemaExpression.replaceConstants(of: subset.expressions, in: text)
        return Grammar(text: text, field: field)
    }

    /// Pieces of the converter's rules that make what is no JSON, and what stands for them.
    private static let mendedRules = [
        // A property that is none of those described may have any character first, a control character too.
        (#"[^"\\\x7F\x00-\x1F]"#, "\u{0}"), (#"[^""#, #"[^"\\\x7F\x00-\x1F"#), ("\u{0}", #"[^"\\\x7F\x00-\x1F]"#),
    ]
}

extension SchemaSubset {
    /// The grammar of what was read from a schema, by llama.cpp's converter.
    ///
    /// - Throws: ``GenerationError`` when it cannot write one.
    static func convert(_ schema: String) throws(GenerationError) -> String {
        var failure = freshet_error()
        var buffer = [CChar](repeating: 0, count: 64 << 10)
        let count = schema.utf8.count
        while true {
            let length = schema.withCString { freshet_grammar_of_schema($0, count, &buffer, buffer.count, &failure) }
            // SIZE_MAX is -1 in Swift's eyes.
            guard length >= 0 else {
                var error = GenerationError(failure, attempt: "The schema cannot be used")
                if error.code == .engineFailed { (error.code, error.parameter) = (.invalidRequest, "json_schema") }
                throw error
            }
            if length <= buffer.count {
                return String(decoding: buffer[..<length].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
            buffer = [CChar](repeating: 0, count: length)
        }
    }

    /// A grammar of the converter's without values that some readers refuse, though they are JSON: half of a pair of
    /// surrogates, and a number beyond all that a `Double` holds. And without what is none: a space that is escaped, and
    /// in the strings of calls control characters that are not.
    static func mendingValues(of grammar: String) -> String {
        grammar.replacing(#"\\/ bfnrt]"#, with: #"\\/bfnrt]"#).replacing(#"[^"\\]"#, with: #"[^"\\\x00-\x1F]"#)
            .replacing(#"[^'\\]"#, with: #"[^'\\\x00-\x1F]"#).replacing(
                #""u" [0-9a-fA-F]{4}"#, with: #""u" ([0-9a-cA-CefEF] [0-9a-fA-F]{3} | [dD] [0-7] [0-9a-fA-F]{2})"#
            ).replacing("([eE] [-+]? integral-part)?", with: "([eE] [-+]? [0-9] [0-9]?)?")
    }
}
