/// A whole answer, or as much of it as has come: the fold of a stream's chunks.
///
/// There is no other way to make the non-streamed answer, so that the two cannot differ.
public struct Reply: Sendable, Hashable {
    /// One of the answers.
    public struct Choice: Sendable, Hashable {
        /// The choice's place among its siblings.
        public var index: Int
        /// Who speaks.
        public var role = Role.assistant
        /// The answer.
        public var text = ""
        /// The model's reasoning.
        public var reasoning = ""
        /// The refusal, when the model refused.
        public var refusal = ""
        /// Calls to tools, in order.
        public var toolCalls: [ToolCall] = []
        /// The log-probabilities of the generated tokens, when asked for.
        public var logProbabilities: [TokenLogProbability] = []
        /// How the choice ended; `nil` while it goes on.
        public var finish: Finish?

        /// An empty choice.
        public init(index: Int) { self.index = index }
    }

    /// A whole call to a tool.
    public struct ToolCall: Sendable, Hashable {
        /// The number by which the stream's pieces name the call.
        public var index: Int
        /// The call's identifier.
        public var id: String
        /// The function's name.
        public var name: String
        /// The arguments, as JSON text.
        public var arguments: String

        /// Makes a call.
        public init(index: Int, id: String, name: String, arguments: String) {
            self.index = index
            self.id = id
            self.name = name
            self.arguments = arguments
        }
    }

    /// The stream's identifier; empty before the first chunk.
    public private(set) var id = ""
    /// When the stream was started, in whole seconds since 1970.
    public private(set) var created = 0
    /// The model that answered.
    public private(set) var model = ""
    /// The answers, by index.
    public private(set) var choices: [Choice] = []
    /// The cost; `nil` before the end.
    public private(set) var usage: Usage?
    /// How long it took; `nil` before the end, or where the provider does not say.
    public private(set) var timings: Timings?
    /// What the provider sent beside its chunks, laid over one another in their order: an object, empty in nearly every
    /// case. The chunks' raw bytes are not kept.
    public private(set) var metadata = JSONValue.object([:])

    /// A reply of which nothing has come.
    public init() {}

    /// The text of the first choice.
    public var text: String { choices.first?.text ?? "" }

    /// The end of the first choice; `nil` while it goes on.
    public var finish: Finish? { choices.first?.finish }

    /// Folds the next chunk in.
    public mutating func append(_ chunk: Chunk) {
        if id.isEmpty { (id, created, model) = (chunk.id, chunk.created, chunk.model) }
        if let remainder = chunk.metadata?.remainder { metadata = metadata.merging(remainder) }
        switch chunk.content {
        case .role(let role): choice(chunk.index) { $0.role = role }
        case .text(let piece): choice(chunk.index) { $0.text += piece }
        case .reasoning(let piece): choice(chunk.index) { $0.reasoning += piece }
        case .refusal(let piece): choice(chunk.index) { $0.refusal += piece }
        case .toolCall(let fragment): choice(chunk.index) { $0.append(fragment) }
        case .logProbabilities(let entries): choice(chunk.index) { $0.logProbabilities += entries }
        case .finish(let finish): choice(chunk.index) { $0.finish = finish }
        case .end(let usage, let timings): (self.usage, self.timings) = (usage, timings)
        case .progress: break
        }
    }

    /// Changes the choice with an index, which is made, in order, when it is new.
    private mutating func choice(_ index: Int, _ change: (inout Choice) -> Void) {
        let place = choices.firstIndex { $0.index >= index } ?? choices.endIndex
        if place == choices.endIndex || choices[place].index != index {
            choices.insert(Choice(index: index), at: place)
        }
        change(&choices[place])
    }
}

extension Reply.Choice {
    /// Adds a piece of a call; a number not seen before begins one.
    fileprivate mutating func append(_ fragment: ToolCallFragment) {
        if let place = toolCalls.lastIndex(where: { $0.index == fragment.index }) {
            toolCalls[place].arguments += fragment.arguments
        } else {
            let (id, name) = (fragment.id ?? "", fragment.name ?? "")
            toolCalls.append(Reply.ToolCall(index: fragment.index, id: id, name: name, arguments: fragment.arguments))
        }
    }
}
