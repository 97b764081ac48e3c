/// One request for generated text, the same for every provider.
///
/// A request is a value. A provider validates it once, on arrival, with ``validate()``.
///
/// ```swift
/// let request = GenerationRequest(prompt: .text("Once upon a time"), maxTokens: 64)
/// for try await chunk in try await provider.stream(request) { … }
/// ```
public struct GenerationRequest: Sendable, Hashable {
    /// What to continue.
    public var prompt: Prompt
    /// How each next token is chosen.
    public var sampling: SamplingOptions
    /// The most tokens to generate; `nil` goes on to the end of the context. The stream then finishes with
    /// ``FinishReason/length``.
    public var maxTokens: Int?
    /// Texts that end the answer where they would appear. They are never part of it.
    public var stop: [String]
    /// The longest that the whole stream may take, from the moment it is submitted. A stream that takes longer fails
    /// with ``GenerationError/Code/deadlineExceeded`` and the reply so far.
    public var deadline: Duration?
    /// Whether progress through the prompt is reported as chunks before the first text.
    public var reportsProgress: Bool
    /// Whether what the prompt has in common with an earlier one may be taken from memory instead of computed again.
    ///
    /// A prompt computed in other pieces has logits that differ in their last bits, which now and then picks another
    /// token. A request that must give the same tokens every time computes its whole prompt: set this to `false`.
    public var reusesPrefix: Bool

    /// Makes a request.
    public init(
        prompt: Prompt, sampling: SamplingOptions = SamplingOptions(), maxTokens: Int? = nil, stop: [String] = [],
        deadline: Duration? = nil, reportsProgress: Bool = false, reusesPrefix: Bool = true
    ) {
        self.prompt = prompt
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.stop = stop
        self.deadline = deadline
        self.reportsProgress = reportsProgress
        self.reusesPrefix = reusesPrefix
    }

    /// The most stop sequences that one request may carry, and the most UTF-8 bytes of each.
    ///
    /// A stop sequence is held back while it may still complete, so its length bounds what a reader waits for.
    public static let stopLimits = (count: 64, bytes: 1024)

    /// Checks every value that can be checked without a model.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest``, naming the parameter.
    public func validate() throws(GenerationError) {
        if let maxTokens, maxTokens < 0 {
            throw .invalid("max_tokens", "must be 0 or more, but is \(maxTokens)")
        }
        guard stop.count <= Self.stopLimits.count else {
            throw .invalid("stop", "may hold at most \(Self.stopLimits.count) sequences, but holds \(stop.count)")
        }
        for sequence in stop {
            guard !sequence.isEmpty else { throw .invalid("stop", "must not hold an empty sequence") }
            guard sequence.utf8.count <= Self.stopLimits.bytes else {
                throw .invalid(
                    "stop", "holds a sequence of \(sequence.utf8.count) bytes; \(Self.stopLimits.bytes) is the most")
            }
        }
        if let deadline, deadline <= .zero {
            throw .invalid("deadline_ms", "must be more than 0")
        }
        if case .messages(let messages) = prompt, messages.isEmpty {
            throw .invalid("messages", "must hold at least one message")
        }
        try sampling.validate()
    }
}
