public import Freshet

/// Writes a stream's chunks as OpenAI's `chat.completion.chunk` or `text_completion` objects: one chunk, one line of
/// ASCII JSON. ``OpenAIChunkDecoder`` is its inverse.
///
/// The role comes with `"content": ""`, the finish with an empty delta, and the end with `"choices": []` and the usage.
/// What OpenAI has no field for stands under names that its clients pass over: `reasoning_content`, `prompt_progress`
/// and `timings` are llama.cpp's, `stop_reason` (the stop sequence that was met) is vLLM's, `undecodable` is our own.
/// A plain completion has the same members beside its `text` instead of in a delta; it has no role, for which an empty
/// piece of text stands, so that a reader sees in which order several choices begin. Its log-probabilities have OpenAI's
/// older form, and the newer one's `content` in it for the exact bytes. Metadata is laid over the object.
///
/// ```swift
/// var encoder = OpenAIChunkEncoder()
/// var line: [UInt8] = []
/// encoder.append(chunk, to: &line)
/// ```
public struct OpenAIChunkEncoder: Sendable {
    private let endpoint: OpenAIEndpoint
    private let includesUsage: Bool
    /// What every chunk of the stream begins with, made once for each `id`, `created` and `model`.
    private var prefix: [UInt8] = []
    private var identity: (id: String, created: Int, model: String)?
    /// The same up to a piece of text, for the choice of the last piece, and what follows the piece: of every shape
    /// that a chunk has, this one must cost nothing.
    private var textPrefix: [UInt8] = []
    private var textIndex: Int?
    private let textSuffix: [UInt8]
    /// How far the log-probabilities of each choice of a plain completion have come.
    private var columns: [Int: OpenAILogProbabilityColumns] = [:]

    /// An encoder for one stream, or for several in turn.
    ///
    /// - Parameters:
    ///   - endpoint: whose objects are written.
    ///   - includesUsage: whether the usage is written at the end; then every chunk before it says `"usage": null`, as
    ///     OpenAI's do when a client asks for usage.
    public init(for endpoint: OpenAIEndpoint = .chatCompletions, includesUsage: Bool = true) {
        self.endpoint = endpoint
        self.includesUsage = includesUsage
        var suffix: [UInt8] = []
        if endpoint == .chatCompletions { suffix.append(literal: "}") }
        suffix.append(literal: #","logprobs":null,"finish_reason":null"#)
        suffix.append(literal: Self.choicesEnd(includesUsage))
        suffix.append(literal: "}")
        textSuffix = suffix
    }

    /// Adds a chunk's JSON, without a line end.
    ///
    /// - Returns: whether there was anything to write: the stream's end is left out where usage is not included.
    @discardableResult
    public mutating func append(_ chunk: Chunk, to output: inout [UInt8]) -> Bool {
        if identity.map({ $0 != (chunk.id, chunk.created, chunk.model) }) ?? true { setIdentity(of: chunk) }
        let start = output.count
        switch chunk.content {
        case .text(let text):
            if textIndex != chunk.index { setTextPrefix(for: chunk.index) }
            output += textPrefix
            output.append(json: text)
            output += textSuffix
        case .end(let usage, let timings):
            guard includesUsage else { return false }
            output += prefix
            output.append(literal: #"],"usage":"#)
            output.append(usage)
            if let timings { output.append(timings, usage) }
            output.append(literal: "}")
        default:
            output += prefix
            appendRare(chunk, to: &output)
        }
        if let remainder = chunk.metadata?.remainder, !remainder.isEmpty { output.merge(remainder, from: start) }
        return true
    }

    /// Adds what follows the prefix for a chunk of a choice that is no text.
    private mutating func appendRare(_ chunk: Chunk, to output: inout [UInt8]) {
        output.append(literal: #"{"index":"#)
        output.append(json: chunk.index)
        switch endpoint {
        case .chatCompletions:
            output.append(literal: #","delta":{"#)
            output.appendMember(chunk.content)
            output.append(literal: "}")
        case .completions:
            output.append(literal: #","text":"""#)
            if case .role = chunk.content { break }
            output.appendMember(chunk.content, separator: ",")
        }
        output.append(literal: #","logprobs":"#)
        if case .logProbabilities(let entries) = chunk.content {
            var columns = endpoint == .completions ? columns[chunk.index] ?? OpenAILogProbabilityColumns() : nil
            output.append(logProbabilities: entries, columns: &columns)
            self.columns[chunk.index] = columns
        } else {
            output.append(literal: "null")
        }
        output.append(literal: #","finish_reason":"#)
        if case .finish(let finish) = chunk.content { output.append(finish) } else { output.append(nil as Finish?) }
        output.append(literal: Self.choicesEnd(includesUsage))
        if case .progress(let progress) = chunk.content { output.append(progress) }
        output.append(literal: "}")
    }

    /// What follows the last member of a choice.
    private static func choicesEnd(_ includesUsage: Bool) -> StaticString {
        includesUsage ? #"}],"usage":null"# : "}]"
    }

    private mutating func setTextPrefix(for index: Int) {
        textIndex = index
        textPrefix = prefix
        textPrefix.append(literal: #"{"index":"#)
        textPrefix.append(json: index)
        textPrefix.append(literal: endpoint == .chatCompletions ? #","delta":{"content":"# : #","text":"#)
    }

    private mutating func setIdentity(of chunk: Chunk) {
        identity = (chunk.id, chunk.created, chunk.model)
        textIndex = nil
        columns = [:]
        prefix = []
        prefix.appendHead(
            id: chunk.id, object: endpoint == .completions ? #""text_completion""# : #""chat.completion.chunk""#,
            created: chunk.created, model: chunk.model)
        prefix.append(literal: "[")
    }
}

extension [UInt8] {
    /// Adds the member for a piece of the answer that is not its text, if that is what the chunk carries.
    fileprivate mutating func appendMember(_ content: Chunk.Content, separator: StaticString = "") {
        switch content {
        case .role(let role):
            append(literal: separator)
            append(literal: #""role":"#)
            append(json: role.rawValue)
            append(literal: #","content":"""#)
        case .reasoning(let text):
            append(literal: separator)
            append(literal: #""reasoning_content":"#)
            append(json: text)
        case .refusal(let text):
            append(literal: separator)
            append(literal: #""refusal":"#)
            append(json: text)
        case .toolCall(let fragment):
            append(literal: separator)
            append(literal: #""tool_calls":["#)
            append(fragment)
            append(literal: "]")
        case .text, .logProbabilities, .progress, .finish, .end:
            break
        }
    }

    private mutating func append(_ fragment: ToolCallFragment) {
        append(literal: #"{"index":"#)
        append(json: fragment.index)
        if let id = fragment.id {
            append(literal: #","id":"#)
            append(json: id)
        }
        append(literal: fragment.name == nil ? #","function":{"# : #","type":"function","function":{"name":"#)
        if let name = fragment.name {
            append(json: name)
            append(literal: ",")
        }
        append(literal: #""arguments":"#)
        append(json: fragment.arguments)
        append(literal: "}}")
    }

    fileprivate mutating func append(_ progress: PromptProgress) {
        append(literal: #","prompt_progress":{"total":"#)
        append(json: progress.total)
        append(literal: #","cache":"#)
        append(json: progress.cached)
        append(literal: #","processed":"#)
        append(json: progress.processed)
        append(literal: "}")
    }
}
