package import Freshet

/// Writes a stream's chunks as OpenAI's `chat.completion.chunk` or `text_completion` objects: one chunk, one line of
/// ASCII JSON. ``OpenAIChunkDecoder`` is its inverse.
///
/// The role comes with `"content": ""`, the finish with an empty delta, and the end with `"choices": []` and the usage.
/// What OpenAI has no field for stands under names that its clients pass over: `reasoning_content`, `prompt_progress`
/// and `timings` are llama.cpp's, `stop_reason` (the stop sequence that was met) is vLLM's, `undecodable` is our own.
/// A plain completion has the same members beside its `text` instead of in a delta. Metadata is laid over the object.
///
/// ```swift
/// var encoder = OpenAIChunkEncoder()
/// var line: [UInt8] = []
/// encoder.append(chunk, to: &line)
/// ```
package struct OpenAIChunkEncoder: Sendable {
    private let endpoint: OpenAIEndpoint
    private let includesUsage: Bool
    /// What every chunk of the stream begins with, made once for each `id`, `created` and `model`.
    private var prefix: [UInt8] = []
    private var identity: (id: String, created: Int, model: String)?

    /// An encoder for one stream, or for several in turn.
    ///
    /// - Parameters:
    ///   - endpoint: whose objects are written.
    ///   - includesUsage: whether the usage is written at the end; then every chunk before it says `"usage": null`, as
    ///     OpenAI's do when a client asks for usage.
    package init(for endpoint: OpenAIEndpoint = .chatCompletions, includesUsage: Bool = true) {
        self.endpoint = endpoint
        self.includesUsage = includesUsage
    }

    /// Adds a chunk's JSON, without a line end.
    ///
    /// - Returns: whether there was anything to write: the stream's end is left out where usage is not included, and a
    ///   plain completion has no role.
    @discardableResult
    package mutating func append(_ chunk: Chunk, to output: inout [UInt8]) -> Bool {
        switch chunk.content {
        case .end where !includesUsage: return false
        case .role where endpoint == .completions: return false
        default: break
        }
        if identity.map({ $0 != (chunk.id, chunk.created, chunk.model) }) ?? true { setIdentity(of: chunk) }
        let start = output.count
        output += prefix
        if case .end(let usage, let timings) = chunk.content {
            output.append(literal: #"],"usage":"#)
            output.append(usage)
            if let timings { output.append(timings, usage) }
        } else {
            output.append(literal: #"{"index":"#)
            output.append(json: chunk.index)
            switch endpoint {
            case .chatCompletions: output.appendDelta(chunk.content)
            case .completions: output.appendPlain(chunk.content)
            }
            output.append(literal: includesUsage ? #"}],"usage":null"# : "}]")
            if case .progress(let progress) = chunk.content { output.append(progress) }
        }
        output.append(literal: "}")
        if let remainder = chunk.metadata?.remainder, !remainder.isEmpty { output.merge(remainder, from: start) }
        return true
    }

    private mutating func setIdentity(of chunk: Chunk) {
        identity = (chunk.id, chunk.created, chunk.model)
        prefix = []
        prefix.appendHead(
            id: chunk.id, object: endpoint == .completions ? #""text_completion""# : #""chat.completion.chunk""#,
            created: chunk.created, model: chunk.model)
        prefix.append(literal: "[")
    }
}

extension [UInt8] {
    /// Adds what follows a choice's index in a conversation, up to the choice's closing brace.
    fileprivate mutating func appendDelta(_ content: Chunk.Content) {
        append(literal: #","delta":{"#)
        switch content {
        case .text(let text):
            append(literal: #""content":"#)
            append(json: text)
            return append(literal: #"},"logprobs":null,"finish_reason":null"#)
        case .role(let role):
            append(literal: #""role":"#)
            append(json: role.rawValue)
            append(literal: #","content":"""#)
        default:
            appendRare(content)
        }
        append(literal: "}")
        appendEnd(content)
    }

    /// The same for a plain completion.
    fileprivate mutating func appendPlain(_ content: Chunk.Content) {
        append(literal: #","text":"#)
        if case .text(let text) = content { append(json: text) } else { append(literal: #""""#) }
        switch content {
        case .reasoning, .refusal, .toolCall:
            append(literal: ",")
            appendRare(content)
        default: break
        }
        appendEnd(content)
    }

    /// Adds a choice's log-probabilities and its finish.
    private mutating func appendEnd(_ content: Chunk.Content) {
        append(literal: #","logprobs":"#)
        if case .logProbabilities(let entries) = content {
            append(logProbabilities: entries)
        } else {
            append(logProbabilities: nil)
        }
        append(literal: #","finish_reason":"#)
        if case .finish(let finish) = content { append(finish) } else { append(literal: "null") }
    }

    /// Adds the member for a piece of the answer that is not its text.
    private mutating func appendRare(_ content: Chunk.Content) {
        switch content {
        case .reasoning(let text):
            append(literal: #""reasoning_content":"#)
            append(json: text)
        case .refusal(let text):
            append(literal: #""refusal":"#)
            append(json: text)
        case .toolCall(let fragment):
            append(literal: #""tool_calls":["#)
            append(fragment)
            append(literal: "]")
        case .role, .text, .logProbabilities, .progress, .finish, .end:
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
