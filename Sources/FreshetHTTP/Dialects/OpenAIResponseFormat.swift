import Freshet

extension OpenAIRequest {
    /// Reads the form of the answer: OpenAI's `response_format`, llama-server's `grammar` and `json_schema`, and `regex`,
    /// which is our own.
    ///
    /// - Parameter text: the body's bytes, in which a schema's properties have their order.
    /// - Returns: `nil` where the body says nothing about it.
    static func responseFormat(
        _ body: JSONField, text: some Collection<UInt8>
    ) throws(GenerationError) -> ResponseFormat? {
        var formats: [(name: String, format: ResponseFormat)] = []
        if let field = body["response_format"] {
            formats.append(("response_format", try responseFormat(field, text: text)))
        }
        if let field = body["json_schema"], !field.value.isEmpty {
            formats.append(("json_schema", .jsonSchema(try schema(field, at: ["json_schema"], text: text))))
        }
        for (name, make) in [("grammar", ResponseFormat.grammar), ("regex", ResponseFormat.regex)] {
            guard let field = body[name], field.value != "" else { continue }
            formats.append((name, make(try field.string())))
        }
        let asked = formats.filter { $0.format != .text }
        guard asked.count <= 1 else {
            throw .invalid(asked[1].name, "cannot be given beside \(asked[0].name): an answer has one form")
        }
        return asked.first?.format ?? formats.first?.format
    }

    /// Where the body has the schema of the answer within its `response_format`; `nil` where it has none there.
    static func schemaField(_ body: JSONField) -> String? {
        let format = body["response_format"]
        guard let field = format?["json_schema"]?["schema"] ?? format?["schema"] else { return nil }
        return field.path
    }

    private static func responseFormat(
        _ field: JSONField, text: some Collection<UInt8>
    ) throws(GenerationError) -> ResponseFormat {
        _ = try field.members()
        guard let type = field["type"] else { throw .invalid("\(field.path).type", "is required") }
        switch try type.string() {
        case "text": return .text
        case "json_object":
            // llama-server takes a schema here too.
            guard let inner = field["schema"], !inner.value.isEmpty else { return .jsonObject }
            return .jsonSchema(try schema(inner, at: ["response_format", "schema"], text: text))
        case "json_schema":
            guard let wrapper = field["json_schema"] else {
                throw .invalid("\(field.path).json_schema", "is required")
            }
            _ = try wrapper.members()
            _ = try wrapper["name"]?.string()
            _ = try wrapper["strict"]?.bool()
            guard let inner = wrapper["schema"] else { throw .invalid("\(wrapper.path).schema", "is required") }
            return .jsonSchema(try schema(inner, at: ["response_format", "json_schema", "schema"], text: text))
        default: throw type.complaint("must be text, json_object or json_schema")
        }
    }

    private static func schema(
        _ field: JSONField, at path: [String], text: some Collection<UInt8>
    ) throws(GenerationError) -> String {
        _ = try field.members()
        // Foundation has read the text, so that the value is found.
        guard let bytes = RawJSON.value(at: path, of: Array(text)) else { throw field.mismatch("an object") }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Adds what asks for a form of the answer; nothing for any text. A schema is JSON, which the provider has checked.
    mutating func append(_ format: ResponseFormat) {
        switch format {
        case .text: break
        case .jsonObject: append(member: "response_format") { $0.append(literal: #"{"type":"json_object"}"#) }
        case .jsonSchema(let schema):
            append(member: "response_format") {
                $0.append(literal: #"{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":"#)
                $0.append(contentsOf: schema.utf8)
                $0.append(literal: "}}")
            }
        case .grammar(let grammar): append(member: "grammar") { $0.append(json: grammar) }
        case .regex(let regex): append(member: "regex") { $0.append(json: regex) }
        }
    }
}
