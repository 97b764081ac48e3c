/// One of the two addresses at which OpenAI's dialect generates text.
public enum OpenAIEndpoint: Sendable, Hashable, CaseIterable {
    /// Conversations: `/v1/chat/completions`.
    case chatCompletions
    /// Plain continuation: `/v1/completions`.
    case completions

    /// The path below the base address, which ends in `/v1` as a rule.
    public var path: String {
        switch self {
        case .chatCompletions: "/chat/completions"
        case .completions: "/completions"
        }
    }
}
