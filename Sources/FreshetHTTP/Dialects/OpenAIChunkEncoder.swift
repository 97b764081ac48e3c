package import Freshet

/// Writes a stream's chunks as OpenAI's `chat.completion.chunk` objects: one chunk, one line of ASCII JSON.
///
/// The role comes with `"content": ""`, the finish with an empty delta, and the end with `"choices": []` and the usage.
/// What OpenAI has no field for stands under names that its clients pass over: `reasoning_content`, `prompt_progress`
/// and `timings` are llama.cpp's, `stop_reason` (the stop sequence that was met) is vLLM's, `undecodable` is our own.
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
    /// - Returns: whether there was anything to write: the stream's end is left out where usage is not included.
    @discardableResult
    package mutating func append(_ chunk: Chunk, to output: inout [UInt8]) -> Bool {
        if case .end = chunk.content, !includesUsage { return false }
        if identity.map({ $0 != (chunk.id, chunk.created, chunk.model) }) ?? true { setIdentity(of: chunk) }
        output += prefix
        if case .end(let usage, let timings) = chunk.content {
            output.append(literal: #"],"usage":"#)
            output.append(usage)
            if let timings { output.append(timings, usage) }
        } else {
            output.append(literal: #"{"index":"#)
            output.append(json: chunk.index)
            output.appendChoice(chunk.content)
            output.append(literal: "]")
            if includesUsage { output.append(literal: #","usage":null"#) }
            if case .progress(let progress) = chunk.content { output.append(progress) }
        }
        output.append(literal: "}")
        return true
    }

    private mutating func setIdentity(of chunk: Chunk) {
        identity = (chunk.id, chunk.created, chunk.model)
        prefix = []
        prefix.append(literal: #"{"id":"#)
        prefix.append(json: chunk.id)
        prefix.append(literal: #","object":"chat.completion.chunk","created":"#)
        prefix.append(json: chunk.created)
        prefix.append(literal: #","model":"#)
        prefix.append(json: chunk.model)
        prefix.append(literal: #","choices":["#)
    }
}

extension [UInt8] {
    /// Adds what follows a choice's index, up to the choice's closing brace.
    fileprivate mutating func appendChoice(_ content: Chunk.Content) {
        append(literal: #","delta":{"#)
        appendDelta(content)
        append(literal: #"},"logprobs":"#)
        if case .logProbabilities(let entries) = content {
            append(literal: #"{"content":"#)
            appendList(entries) { $0.append($1) }
            append(literal: "}")
        } else {
            append(literal: "null")
        }
        append(literal: #","finish_reason":"#)
        if case .finish(let finish) = content { append(finish) } else { append(literal: "null") }
        append(literal: "}")
    }

    private mutating func appendDelta(_ content: Chunk.Content) {
        switch content {
        case .role(let role):
            append(literal: #""role":"#)
            append(json: role.rawValue)
            append(literal: #","content":"""#)
        case .text(let text):
            append(literal: #""content":"#)
            append(json: text)
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
        case .logProbabilities, .progress, .finish, .end:
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

    private mutating func append(_ entry: TokenLogProbability) {
        append(literal: "{")
        append(entry.token)
        append(literal: #","top_logprobs":"#)
        appendList(entry.top) { output, candidate in
            output.append(literal: "{")
            output.append(candidate)
            output.append(literal: "}")
        }
        append(literal: "}")
    }

    private mutating func append(_ candidate: TokenLogProbability.Candidate) {
        append(literal: #""token":"#)
        // A token that is half a character has no text of its own: its exact bytes stand beside it.
        append(json: String(decoding: candidate.bytes, as: UTF8.self))
        append(literal: #","logprob":"#)
        append(json: candidate.logProbability)
        append(literal: #","bytes":"#)
        append(bytes: candidate.bytes)
    }

    private mutating func append(_ finish: Finish) {
        append(json: finish.reason.rawValue)
        if let stop = finish.stopSequence {
            append(literal: #","stop_reason":"#)
            append(json: stop)
        }
        guard !finish.undecodable.isEmpty else { return }
        append(literal: #","undecodable":"#)
        appendList(finish.undecodable) { output, run in
            output.append(literal: #"{"offset":"#)
            output.append(json: run.offset)
            output.append(literal: #","bytes":"#)
            output.append(bytes: run.bytes)
            output.append(literal: "}")
        }
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

    fileprivate mutating func append(_ usage: Usage) {
        append(literal: #"{"prompt_tokens":"#)
        append(json: usage.promptTokens)
        append(literal: #","completion_tokens":"#)
        append(json: usage.completionTokens)
        append(literal: #","total_tokens":"#)
        append(json: usage.totalTokens)
        append(literal: #","prompt_tokens_details":{"cached_tokens":"#)
        append(json: usage.cachedTokens)
        append(literal: "}}")
    }

    fileprivate mutating func append(_ timings: Timings, _ usage: Usage) {
        append(literal: #","timings":{"cache_n":"#)
        append(json: usage.cachedTokens)
        append(literal: #","prompt_n":"#)
        append(json: usage.promptTokens - usage.cachedTokens)
        append(literal: #","prompt_ms":"#)
        append(json: timings.prompt)
        append(literal: #","predicted_n":"#)
        append(json: usage.completionTokens)
        append(literal: #","predicted_ms":"#)
        append(json: timings.decode)
        if let firstToken = timings.firstToken {
            append(literal: #","first_token_ms":"#)
            append(json: firstToken)
        }
        append(literal: "}")
    }

    private mutating func append(bytes: [UInt8]) {
        appendList(bytes) { $0.append(json: $1) }
    }
}
