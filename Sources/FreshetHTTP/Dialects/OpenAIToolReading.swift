package import Freshet

/// What a conversation has beside its texts: tools, calls to them, and the model's reasoning.
extension OpenAIRequest {
    /// Reads the tools, the choice among them, and what becomes of the reasoning.
    ///
    /// - Parameter text: the body's bytes, in which a schema's properties have their order.
    static func readConversation(
        _ body: JSONField, text: some Collection<UInt8>, into request: inout GenerationRequest
    ) throws(GenerationError) {
        if let field = body["tools"] {
            request.tools = try tools(field, text: RawJSON.value(at: ["tools"], of: Array(text)) ?? [])
        }
        if let field = body["tool_choice"] { request.toolChoice = try choice(field) }
        request.callsToolsInParallel = try body["parallel_tool_calls"]?.bool() ?? request.callsToolsInParallel
        try readReasoning(body, into: &request)
    }

    /// Reads tools from a file: a list of them, or a request's object that has them.
    ///
    /// - Parameter subject: what the text is, for the error.
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest`` where it holds none.
    package static func tools(
        json: some Collection<UInt8>, of subject: String
    ) throws(GenerationError) -> [Tool] {
        let field = JSONField(try JSONValue(json: json, of: subject))
        guard case .object = field.value else { return try tools(field, text: Array(json)[...]) }
        guard let list = field["tools"] else { throw .invalid("tools", "is required") }
        return try tools(list, text: RawJSON.value(at: ["tools"], of: Array(json)) ?? [])
    }

    /// Reads an object of a chat template's variables, as `chat_template_kwargs` of a request is read.
    ///
    /// - Parameter subject: what the text is, for the error.
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest`` where it is none.
    package static func readTemplateArguments(
        json: some Collection<UInt8>, of subject: String, into request: inout GenerationRequest
    ) throws(GenerationError) {
        let value = try JSONValue(json: json, of: subject)
        try readReasoning(JSONField(.object(["chat_template_kwargs": value])), into: &request)
    }

    private static func tools(_ field: JSONField, text: ArraySlice<UInt8>) throws(GenerationError) -> [Tool] {
        let texts = RawJSON.items(of: text)
        return try field.items().enumerated().map { item throws(GenerationError) in
            try tool(item.element, text: texts.indices.contains(item.offset) ? texts[item.offset] : [])
        }
    }

    private static func tool(_ field: JSONField, text: ArraySlice<UInt8>) throws(GenerationError) -> Tool {
        try checkType(field)
        guard let function = field["function"] else { throw .invalid("\(field.path).function", "is required") }
        _ = try function.members()
        guard let name = function["name"] else { throw .invalid("\(function.path).name", "is required") }
        var tool = Tool(name: try name.string(), description: try function["description"]?.string() ?? "")
        tool.isStrict = try function["strict"]?.bool() ?? false
        if let parameters = function["parameters"] {
            _ = try parameters.members()
            // Foundation has read the text, so that the value is found.
            let schema = RawJSON.value(at: ["function", "parameters"], of: text)
            tool.parameters = schema.map { String(decoding: $0, as: UTF8.self) } ?? self.text(of: parameters.value)
        }
        return tool
    }

    private static func checkType(_ field: JSONField) throws(GenerationError) {
        _ = try field.members()
        guard let type = field["type"], try type.string() != "function" else { return }
        throw type.complaint("must be function: no other kind of tool can be called")
    }

    private static func choice(_ field: JSONField) throws(GenerationError) -> ToolChoice {
        if case .string(let word) = field.value {
            switch word {
            case "auto": return .auto
            case "none": return .none
            case "required": return .required
            default: throw field.complaint("must be none, auto, required or a function to call")
            }
        }
        try checkType(field)
        guard let name = field["function"]?["name"] else {
            throw .invalid("\(field.path).function.name", "is required")
        }
        return .named(try name.string())
    }

    /// llama.cpp's server's fields, OpenAI's `reasoning_effort`, and `enable_thinking` where others have it.
    private static func readReasoning(_ body: JSONField, into request: inout GenerationRequest) throws(GenerationError)
    {
        if let field = body["chat_template_kwargs"] {
            for name in try field.members().keys {
                guard let value = field[name] else { continue }
                if name == "enable_thinking" {
                    request.reasoning.isEnabled = try value.bool()
                } else {
                    request.templateArguments[name] = text(of: value.value)
                }
            }
        }
        if let field = body["enable_thinking"] { request.reasoning.isEnabled = try field.bool() }
        if let field = body["reasoning_effort"] {
            let effort = try field.string()
            if effort == "none" { request.reasoning.isEnabled = false } else { request.reasoning.effort = effort }
        }
        if let field = body["reasoning_format"] {
            switch try field.string() {
            case "none": request.reasoning.isSeparate = false
            case "auto", "deepseek": request.reasoning.isSeparate = true
            default: throw field.complaint("must be none, auto or deepseek")
            }
        }
        if let field = body["reasoning_budget_tokens"] ?? body["thinking_budget_tokens"] {
            let budget: Int = try field.integer()
            guard budget >= -1 else { throw field.complaint("must be -1 or more, but is \(budget)") }
            request.reasoning.budget = budget == -1 ? nil : budget
        }
    }

    /// Reads what a message has beside its role and content.
    static func readParts(of field: JSONField, into message: inout Message) throws(GenerationError) {
        if let call = field["function_call"], !call.value.isEmpty {
            throw call.complaint("cannot be given: calls stand in tool_calls")
        }
        message.toolCalls =
            try field["tool_calls"]?.items().map { item throws(GenerationError) in try call(item) } ?? []
        message.toolCallID = try field["tool_call_id"]?.string()
        message.name = try field["name"]?.string()
        message.reasoning = try (field["reasoning_content"] ?? field["reasoning"])?.string() ?? ""
    }

    private static func call(_ field: JSONField) throws(GenerationError) -> ToolCall {
        try checkType(field)
        guard let function = field["function"] else { throw .invalid("\(field.path).function", "is required") }
        _ = try function.members()
        guard let name = function["name"] else { throw .invalid("\(function.path).name", "is required") }
        var arguments = ""
        if let field = function["arguments"] {
            // Some clients send them as the value itself.
            if case .string(let text) = field.value { arguments = text } else { arguments = text(of: field.value) }
        }
        return ToolCall(id: try field["id"]?.string() ?? "", name: try name.string(), arguments: arguments)
    }

    private static func text(of value: JSONValue) -> String {
        var json: [UInt8] = []
        json.append(json: value)
        return String(decoding: json, as: UTF8.self)
    }
}
