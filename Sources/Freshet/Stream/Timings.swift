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
