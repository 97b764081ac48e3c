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
    /// The form that the answer is held to.
    public var responseFormat: ResponseFormat
    /// Texts that end the answer where they would appear. They are never part of it.
    public var stop: [String]
    /// The longest that the whole stream may take, from the moment it is submitted. A stream that takes longer fails
    /// with ``GenerationError/Code/deadlineExceeded`` and the reply so far.
    public var deadline: Duration?
    /// The longest that may pass between two chunks, the wait for the first one included. A stream that is silent for
    /// longer, whether because its model computes or because nobody reads, fails like one past its ``deadline``.
    public var idleTimeout: Duration?
    /// How many answers to give to the prompt, which is computed once for all of them, unless ``reusesPrefix`` is off.
    /// Choice *i* draws with the seed plus *i*, so that the first is the one that a request for a single answer gets.
    public var choiceCount: Int
    /// Whether an answer that reaches the end of the context goes on, with the older half of what follows the prompt's
    /// beginning forgotten. Without it the answer finishes with ``FinishReason/length``.
    public var shiftsContext: Bool
    /// On whose behalf the request is made. Those of one client share its part of the machine, so that many of them do
    /// not keep another client's single request waiting. A remote provider is told it, as OpenAI's `user`.
    public var client: String
    /// The part of the machine that the request gets beside others: one of weight 2 gets twice that of one of weight 1.
    public var weight: Int
    /// Whether progress through the prompt is reported as chunks before the first text.
    public var reportsProgress: Bool
    /// Whether what the prompt has in common with an earlier one may be taken from memory instead of computed again.
    ///
    /// A prompt computed in other pieces has logits that differ in their last bits, which now and then picks another
    /// token. A request that must give the same tokens every time computes its whole prompt: set this to `false`.
    public var reusesPrefix: Bool
    /// Whether the answer may be computed several tokens at a time where it repeats the prompt or itself, which makes
    /// edits and quotations come faster.
    ///
    /// Each token is drawn as it is without that, from the logits after all tokens before it. But logits that are computed
    /// several at a time differ in their last bits from those computed one by one, and how many are depends on how fast
    /// the machine is at the moment: where two tokens are nearly equally likely, another may be drawn, also at
    /// temperature 0 or with a seed. Therefore it is off unless it is asked for.
    public var speculates: Bool
    /// With how many of the likeliest tokens at its place each token of the answer is told its log-probability, in
    /// chunks of ``Chunk/Content/logProbabilities(_:)``; `nil` tells none, 0 only the token's own.
    ///
    /// They are the logarithms of a plain softmax over the model's logits, before penalties, temperature or any other
    /// stage of the sampler. Every token is covered of which a byte is in the answer, as text or as
    /// ``Finish/undecodable`` bytes; one that ends the generation, and those of a stop sequence, are no part of it.
    public var logProbabilities: Int?
    /// What the model may ask the caller to call; for conversations only.
    public var tools: [Tool] = []
    /// Whether, and what, it must call.
    public var toolChoice = ToolChoice.auto
    /// Whether one answer may hold several calls, where the model's template knows how.
    public var callsToolsInParallel = true
    /// What a model that thinks does with its thoughts, in conversations.
    public var reasoning = ReasoningOptions()
    /// Further variables of the model's chat template, by name, each as JSON text.
    public var templateArguments: [String: String] = [:]
    /// Whether the answer depends on nothing but the request and the seed: not on what else runs or ran, nor on how fast
    /// the machine is.
    ///
    /// The local engine computes such requests one after the other in a memory of their own, the whole prompt in pieces of
    /// one size and then token by token, so that they are slower; ``reusesPrefix`` and ``speculates`` do not count. What it
    /// promises is for one machine, build, model and number of threads. A request without a seed is given one, which is in
    /// the metadata of the first choice's role, as `seed`.
    public var isReproducible: Bool
    /// Whether the answer's manifest comes with it: its tokens and all that they depend on, as `manifest` in the metadata
    /// of the last choice's finish. Only of a reproducible answer.
    public var givesManifest: Bool

    /// Makes a request.
    public init(
        prompt: Prompt, sampling: SamplingOptions = SamplingOptions(), maxTokens: Int? = nil,
        responseFormat: ResponseFormat = .text, stop: [String] = [],
        deadline: Duration? = nil, idleTimeout: Duration? = nil, choiceCount: Int = 1, shiftsContext: Bool = false,
        client: String = "", weight: Int = 1, reportsProgress: Bool = false, reusesPrefix: Bool = true,
        speculates: Bool = false, logProbabilities: Int? = nil, isReproducible: Bool = false,
        givesManifest: Bool = false
    ) {
        self.prompt = prompt
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.responseFormat = responseFormat
        self.stop = stop
        self.deadline = deadline
        self.idleTimeout = idleTimeout
        self.choiceCount = choiceCount
        self.shiftsContext = shiftsContext
        self.client = client
        self.weight = weight
        self.reportsProgress = reportsProgress
        self.reusesPrefix = reusesPrefix
        self.speculates = speculates
        self.logProbabilities = logProbabilities
        self.isReproducible = isReproducible
        self.givesManifest = givesManifest
    }

    /// The most stop sequences that one request may carry, and the most UTF-8 bytes of each.
    ///
    /// A stop sequence is held back while it may still complete, so its length bounds what a reader waits for.
    public static let stopLimits = (count: 64, bytes: 1024)

    /// The most answers that one request may ask for.
    public static let choiceLimit = 128

    /// The most UTF-8 bytes of ``client``: those of a `user`, and of what a server puts in front to tell its callers
    /// apart.
    public static let clientLimit = 1024

    /// The most that ``logProbabilities`` may be.
    public static let logProbabilityLimit = 20

    /// The greatest ``weight``.
    public static let weightLimit = 100

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
        if let idleTimeout, idleTimeout <= .zero {
            throw .invalid("idle_timeout_ms", "must be more than 0")
        }
        guard (1...Self.choiceLimit).contains(choiceCount) else {
            throw .invalid("n", "must be from 1 to \(Self.choiceLimit), but is \(choiceCount)")
        }
        guard client.utf8.count <= Self.clientLimit else {
            throw .invalid("user", "may have at most \(Self.clientLimit) UTF-8 bytes, but has \(client.utf8.count)")
        }
        guard (1...Self.weightLimit).contains(weight) else {
            throw .invalid("weight", "must be from 1 to \(Self.weightLimit), but is \(weight)")
        }
        if let logProbabilities, !(0...Self.logProbabilityLimit).contains(logProbabilities) {
            throw .invalid(
                "top_logprobs", "must be from 0 to \(Self.logProbabilityLimit), but is \(logProbabilities)")
        }
        guard !givesManifest || isReproducible else {
            throw .invalid("return_manifest", "needs reproducible, which must then be true")
        }
        guard !givesManifest || !shiftsContext || maxTokens != nil else {
            throw .invalid("return_manifest", "needs max_tokens where context_shift lets an answer go on without end")
        }
        try validateConversation()
        try responseFormat.validate()
        try sampling.validate()
    }

    /// The most variables of a template that one request may set, and the most UTF-8 bytes of each.
    public static let templateArgumentLimits = (count: 64, bytes: 64 << 10)

    /// Checks the turns, and what only a conversation has.
    private func validateConversation() throws(GenerationError) {
        guard case .messages(let messages) = prompt else {
            guard tools.isEmpty else { throw .invalid("tools", "can be given only with messages") }
            return
        }
        guard !messages.isEmpty else { throw .invalid("messages", "must hold at least one message") }
        for (place, message) in messages.enumerated() { try message.validate(at: "messages[\(place)]") }
        try Tool.validate(tools, choice: toolChoice)
        try reasoning.validate()
        let limits = Self.templateArgumentLimits
        guard templateArguments.count <= limits.count else {
            throw .invalid("chat_template_kwargs", "may hold at most \(limits.count) values")
        }
        for (name, value) in templateArguments {
            guard name.utf8.count + value.utf8.count <= limits.bytes, JSONNesting.depth(of: value) <= Tool.nestingLimit
            else {
                throw .invalid(
                    "chat_template_kwargs",
                    "holds a value of more than \(limits.bytes) bytes, or nested in more than \(Tool.nestingLimit) levels"
                )
            }
        }
    }
}
