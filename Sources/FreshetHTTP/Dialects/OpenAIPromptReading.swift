package import Freshet

extension OpenAIRequest {
    /// Reads what to continue: `messages` for a conversation, `prompt` for text and token ids.
    static func prompt(_ body: JSONField, at endpoint: OpenAIEndpoint) throws(GenerationError) -> Prompt {
        let name = endpoint == .chatCompletions ? "messages" : "prompt"
        guard let field = body[name] else { throw .invalid(name, "is required") }
        guard endpoint == .completions else {
            return .messages(try field.items().map { item throws(GenerationError) in try message(item) })
        }
        switch field.value {
        case .string(let text): return .text(text)
        case .array(let items):
            switch items.first {
            case .string, .array:
                guard items.count == 1 else {
                    throw field.complaint("may hold only one prompt, but holds \(items.count)")
                }
                let only = try field.items()[0]
                if case .string(let text) = only.value { return .text(text) }
                return .tokens(try tokens(only))
            default: return .tokens(try tokens(field))
            }
        default: throw field.mismatch("a string, a list of one string, or a list of token ids")
        }
    }

    /// Reads the conversation of a request's object, which may come from a file.
    ///
    /// - Parameter subject: what the text is, for the error.
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest`` where it holds none.
    package static func messages(
        json: some Collection<UInt8>, of subject: String
    ) throws(GenerationError) -> [Message] {
        let field = try JSONField(object: json, of: subject)
        guard case .messages(let messages) = try prompt(field, at: .chatCompletions) else { return [] }
        return messages
    }

    /// Reads a list of token ids.
    static func tokens(_ field: JSONField) throws(GenerationError) -> [Token] {
        // Which ids there are, only the model knows.
        try field.items().map { item throws(GenerationError) in try item.integer() }
    }

    private static func message(_ field: JSONField) throws(GenerationError) -> Message {
        _ = try field.members()
        guard let role = field["role"] else { throw .invalid("\(field.path).role", "is required") }
        var message = Message(role: try self.role(role), content: try field["content"].map(content) ?? "")
        try readParts(of: field, into: &message)
        return message
    }

    private static func role(_ field: JSONField) throws(GenerationError) -> Role {
        let name = try field.string()
        // OpenAI's newer word for the system's turn.
        if name == "developer" { return .system }
        guard let role = Role(rawValue: name) else {
            throw field.complaint("must be system, developer, user, assistant or tool")
        }
        return role
    }

    /// A text, or a list of parts of which each is text: they become paragraphs, as in llama.cpp's server.
    private static func content(_ field: JSONField) throws(GenerationError) -> String {
        switch field.value {
        case .string(let text): return text
        case .array: break
        default: throw field.mismatch("a string or a list of parts")
        }
        let texts = try field.items().map { part throws(GenerationError) in
            _ = try part.members()
            guard let type = part["type"] else { throw GenerationError.invalid("\(part.path).type", "is required") }
            guard ["text", "input_text"].contains(try type.string()) else {
                throw type.complaint("must be text: no other kind of part can be read")
            }
            guard let text = part["text"] else { throw GenerationError.invalid("\(part.path).text", "is required") }
            return try text.string()
        }
        return texts.joined(separator: "\n")
    }
}
