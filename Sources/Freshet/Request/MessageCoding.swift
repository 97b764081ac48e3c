// A turn on disk, in OpenAI's form: `{"role": "assistant", "content": "…", "tool_calls": [{"id": "…", "type":
// "function", "function": {"name": "…", "arguments": "{…}"}}]}`. What is empty is left out.
extension Message: Codable {
    private enum Key: String, CodingKey {
        case role, content, name
        case toolCalls = "tool_calls"
        case toolCallID = "tool_call_id"
        case reasoning = "reasoning_content"
    }

    /// Reads a turn; `null` for `content` is a text without characters, beside which there are calls.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        self.init(role: try values.decode(Role.self, forKey: .role), content: "")
        toolCalls = try values.decodeIfPresent([ToolCall].self, forKey: .toolCalls) ?? []
        content =
            toolCalls.isEmpty
            ? try values.decode(String.self, forKey: .content)
            : try values.decodeIfPresent(String.self, forKey: .content) ?? ""
        toolCallID = try values.decodeIfPresent(String.self, forKey: .toolCallID)
        name = try values.decodeIfPresent(String.self, forKey: .name)
        reasoning = try values.decodeIfPresent(String.self, forKey: .reasoning) ?? ""
    }

    /// Writes the turn.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(role, forKey: .role)
        try values.encode(content, forKey: .content)
        if !toolCalls.isEmpty { try values.encode(toolCalls, forKey: .toolCalls) }
        try values.encodeIfPresent(toolCallID, forKey: .toolCallID)
        try values.encodeIfPresent(name, forKey: .name)
        if !reasoning.isEmpty { try values.encode(reasoning, forKey: .reasoning) }
    }
}

extension ToolCall: Codable {
    private enum Key: String, CodingKey {
        case id, type, function
    }

    private struct Function: Codable {
        var name: String
        var arguments: String
    }

    /// Reads a call.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let function = try values.decode(Function.self, forKey: .function)
        self.init(
            id: try values.decodeIfPresent(String.self, forKey: .id) ?? "", name: function.name,
            arguments: function.arguments)
    }

    /// Writes the call.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(id, forKey: .id)
        try values.encode("function", forKey: .type)
        try values.encode(Function(name: name, arguments: arguments), forKey: .function)
    }
}
