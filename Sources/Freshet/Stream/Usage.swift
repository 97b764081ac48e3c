/// What a stream cost, in tokens.
public struct Usage: Sendable, Hashable {
    /// Tokens of the prompt.
    public var promptTokens: Int
    /// Tokens generated, the one that ended the answer included.
    public var completionTokens: Int
    /// Tokens of the prompt that were still in memory and not computed again.
    public var cachedTokens: Int

    /// Makes a count.
    public init(promptTokens: Int, completionTokens: Int, cachedTokens: Int = 0) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cachedTokens = cachedTokens
    }

    /// Prompt and completion together.
    public var totalTokens: Int { promptTokens + completionTokens }
}

/// How long the parts of a stream took, measured where it was made.
public struct Timings: Sendable, Hashable {
    /// From the start of the prompt's computation to its end; the wait in the queue is not in it.
    public var prompt: Duration
    /// From the end of the prompt's computation to the last token.
    public var decode: Duration
    /// From the moment the request was submitted to its first token; `nil` when none was generated.
    public var firstToken: Duration?

    /// Makes a set of timings.
    public init(prompt: Duration, decode: Duration, firstToken: Duration?) {
        self.prompt = prompt
        self.decode = decode
        self.firstToken = firstToken
    }
}
