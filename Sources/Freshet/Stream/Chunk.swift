/// One piece of a stream: it belongs to one stream and one choice, and carries one thing.
///
/// The same type comes from every provider. ``ChunkGrammar`` says which chunk may follow which, and ``Reply`` is their
/// fold.
public struct Chunk: Sendable, Hashable {
    /// What a chunk carries.
    public enum Content: Sendable, Hashable {
        /// The speaker of the choice; comes before its text.
        case role(Role)
        /// A piece of the answer: whole Unicode scalars, never empty.
        case text(String)
        /// A piece of the model's reasoning.
        case reasoning(String)
        /// A piece of a refusal.
        case refusal(String)
        /// A piece of a call to a tool.
        case toolCall(ToolCallFragment)
        /// The log-probabilities of tokens whose text has come: they follow it.
        case logProbabilities([TokenLogProbability])
        /// How much of the prompt has been computed.
        case progress(PromptProgress)
        /// The end of this choice.
        case finish(Finish)
        /// The end of the whole stream, after every choice's end.
        case end(Usage, Timings?)
    }

    /// The stream's identifier, the same in all its chunks.
    public var id: String
    /// When the stream was started, in whole seconds since 1970.
    public var created: Int
    /// The model that answers.
    public var model: String
    /// The choice that the chunk belongs to; 0 for chunks of the whole stream.
    public var index: Int
    /// What it carries.
    public var content: Content
    /// What the provider sent with it that the protocol has no place for; `nil` when that is nothing.
    public var metadata: Metadata?

    /// Makes a chunk.
    public init(
        id: String, created: Int, model: String, index: Int = 0, content: Content, metadata: Metadata? = nil
    ) {
        self.id = id
        self.created = created
        self.model = model
        self.index = index
        self.content = content
        self.metadata = metadata
    }

    /// The piece of the answer that the chunk carries, if it carries one.
    public var text: String? {
        if case .text(let text) = content { text } else { nil }
    }
}

/// A piece of one tool call. The first piece of a call has its id and name; the rest of them only arguments.
public struct ToolCallFragment: Sendable, Hashable {
    /// Which call of the choice it belongs to.
    public var index: Int
    /// The call's identifier, in its first piece.
    public var id: String?
    /// The function's name, in its first piece.
    public var name: String?
    /// The next piece of the arguments' JSON text.
    public var arguments: String

    /// Makes a piece.
    public init(index: Int, id: String? = nil, name: String? = nil, arguments: String = "") {
        self.index = index
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// A token and how likely it was.
public struct TokenLogProbability: Sendable, Hashable {
    /// A token that could have stood at this place.
    public struct Candidate: Sendable, Hashable {
        /// The token's exact bytes, which may end inside a character; none for a mark such as the end of a turn.
        public var bytes: [UInt8]
        /// The natural logarithm of its probability.
        public var logProbability: Float

        /// Makes a candidate.
        public init(bytes: [UInt8], logProbability: Float) {
            self.bytes = bytes
            self.logProbability = logProbability
        }
    }

    /// The token that was generated.
    public var token: Candidate
    /// The most likely tokens at this place, best first.
    public var top: [Candidate]

    /// Makes an entry.
    public init(token: Candidate, top: [Candidate] = []) {
        self.token = token
        self.top = top
    }
}

/// How far the computation of a prompt has come.
public struct PromptProgress: Sendable, Hashable {
    /// Tokens in memory so far, the cached ones included.
    public var processed: Int
    /// Tokens that need no computing because they were still in memory.
    public var cached: Int
    /// Tokens of the whole prompt.
    public var total: Int

    /// Makes a progress report.
    public init(processed: Int, cached: Int, total: Int) {
        self.processed = processed
        self.cached = cached
        self.total = total
    }
}
