import Freshet

/// What a conversation has beside its texts, as ``OpenAIRequest`` reads it.
extension [UInt8] {
    /// Adds a turn of a conversation.
    mutating func append(_ message: Message) {
        append(literal: #"{"role":"#)
        append(json: message.role.rawValue)
        append(literal: #","content":"#)
        append(json: message.content)
        if !message.reasoning.isEmpty { append(member: "reasoning_content") { $0.append(json: message.reasoning) } }
        if !message.toolCalls.isEmpty {
            append(member: "tool_calls") { $0.appendList(message.toolCalls) { $0.append($1) } }
        }
        if let id = message.toolCallID { append(member: "tool_call_id") { $0.append(json: id) } }
        if let name = message.name { append(member: "name") { $0.append(json: name) } }
        append(literal: "}")
    }

    private mutating func append(_ call: ToolCall) {
        append(literal: #"{"id":"#)
        append(json: call.id)
        append(literal: #","type":"function","function":{"name":"#)
        append(json: call.name)
        append(literal: #","arguments":"#)
        append(json: call.arguments)
        append(literal: "}}")
    }

    /// Adds the members for the tools of a request, the choice among them, and what becomes of the reasoning.
    mutating func appendConversation(of request: GenerationRequest) {
        if !request.tools.isEmpty { append(member: "tools") { $0.appendList(request.tools) { $0.append($1) } } }
        if request.toolChoice != .auto { append(member: "tool_choice") { $0.append(request.toolChoice) } }
        if !request.callsToolsInParallel { append(member: "parallel_tool_calls") { $0.append(literal: "false") } }
        let reasoning = request.reasoning
        if reasoning.isEnabled != nil || !request.templateArguments.isEmpty {
            append(member: "chat_template_kwargs") { output in
                output.append(literal: "{")
                if let isEnabled = reasoning.isEnabled {
                    output.append(member: "enable_thinking") { $0.append(json: isEnabled) }
                }
                for (name, value) in request.templateArguments.sorted(by: { $0.key < $1.key }) {
                    output.append(member: name) { $0.append(jsonText: value) }
                }
                output.append(literal: "}")
            }
        }
        if let effort = reasoning.effort { append(member: "reasoning_effort") { $0.append(json: effort) } }
        if let budget = reasoning.budget { append(member: "reasoning_budget_tokens") { $0.append(json: budget) } }
        if !reasoning.isSeparate { append(member: "reasoning_format") { $0.append(json: "none") } }
    }

    private mutating func append(_ tool: Tool) {
        append(literal: #"{"type":"function","function":{"name":"#)
        append(json: tool.name)
        if !tool.description.isEmpty { append(member: "description") { $0.append(json: tool.description) } }
        if !tool.parameters.isEmpty { append(member: "parameters") { $0.append(jsonText: tool.parameters) } }
        if tool.isStrict { append(member: "strict") { $0.append(json: true) } }
        append(literal: "}}")
    }

    private mutating func append(_ choice: ToolChoice) {
        switch choice {
        case .auto: append(json: "auto")
        case .none: append(json: "none")
        case .required: append(json: "required")
        case .named(let name):
            append(literal: #"{"type":"function","function":{"name":"#)
            append(json: name)
            append(literal: "}}")
        }
    }

    /// Adds JSON text as it stands, in which members have their order. What is no JSON becomes a string, which the server
    /// refuses, naming it.
    private mutating func append(jsonText text: String) {
        // A list around it, because JSON text is read with an object or a list at its root.
        if let list = try? JSONValue(json: Array("[\(text)]".utf8)), case .array(let items) = list, items.count == 1 {
            append(contentsOf: text.utf8)
        } else {
            append(json: text)
        }
    }
}
