/// Who speaks in a conversation.
public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    /// Instructions that hold for the whole conversation.
    case system
    /// The person, or the program, that asks.
    case user
    /// The model.
    case assistant
    /// The result of a tool call, handed back to the model.
    case tool
}

/// One turn of a conversation, as a chat template renders it.
public struct Message: Sendable, Hashable, Codable {
    /// Who said it.
    public var role: Role
    /// What was said.
    public var content: String

    /// Makes a turn.
    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }
}
