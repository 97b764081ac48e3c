/// What a stream cost, in tokens.
public struct Usage: Sendable, Hashable {
    /// Tokens of the prompt.
    public var promptTokens: Int
    /// Tokens generated, the one that ended the answer included.
    public var completionTokens: Int
    /// Tokens of the prompt that were still in memory and not computed again.
    public var cachedTokens: Int
    /// Tokens generated that were reasoning. 0 also where the provider does not say.
    public var reasoningTokens = 0

    /// Makes a count.
    public init(promptTokens: Int, completionTokens: Int, cachedTokens: Int = 0) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cachedTokens = cachedTokens
    }

    /// Prompt and completion together.
    public var totalTokens: Int { promptTokens + completionTokens }
}
