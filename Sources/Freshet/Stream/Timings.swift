/// How long the parts of a stream took, and what came of its drafts, measured where it was made.
public struct Timings: Sendable, Hashable {
    /// From the start of the prompt's computation to its end; the wait in the queue is not in it.
    public var prompt: Duration
    /// From the end of the prompt's computation to the last token.
    public var decode: Duration
    /// From the moment the request was submitted to its first token; `nil` when none was generated.
    public var firstToken: Duration?
    /// Tokens that were guessed and computed before they were drawn; see ``GenerationRequest/speculates``.
    public var draftedTokens: Int
    /// Those of them that were then drawn, at most ``draftedTokens``.
    public var acceptedTokens: Int

    /// Makes a set of timings.
    public init(
        prompt: Duration, decode: Duration, firstToken: Duration?, draftedTokens: Int = 0, acceptedTokens: Int = 0
    ) {
        self.prompt = prompt
        self.decode = decode
        self.firstToken = firstToken
        self.draftedTokens = draftedTokens
        self.acceptedTokens = acceptedTokens
    }
}
