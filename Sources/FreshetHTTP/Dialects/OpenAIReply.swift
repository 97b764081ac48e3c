package import Freshet

/// A whole reply ⇄ OpenAI's `chat.completion` and `text_completion`.
///
/// What stands in a stream's objects under our own or others' names stands here under the same; where the number of
/// a call is not its place, all calls have an `index` too.
package enum OpenAIReply {
    /// Adds a reply's JSON.
    package static func append(_ reply: Reply, for endpoint: OpenAIEndpoint, to output: inout [UInt8]) {
        let start = output.count
        output.appendHead(
            id: reply.id, object: endpoint == .completions ? #""text_completion""# : #""chat.completion""#,
            created: reply.created, model: reply.model)
        output.appendList(reply.choices) { $0.append($1, for: endpoint) }
        if let usage = reply.usage {
            output.append(literal: #","usage":"#)
            output.append(usage)
            if let timings = reply.timings { output.append(timings, usage) }
        }
        output.append(literal: "}")
        if !reply.metadata.isEmpty { output.merge(reply.metadata, from: start) }
    }

    /// Reads a whole reply as the chunks of which it is the fold.
    ///
    /// - Parameter keepsRaw: whether the first chunk's metadata has the body's bytes.
    /// - Throws: ``GenerationError``: what the provider reports, or ``GenerationError/Code/badResponse``.
    package static func chunks(
        of body: some Collection<UInt8>, keepsRaw: Bool = false
    ) throws(GenerationError) -> [Chunk] {
        var decoder = OpenAIChunkDecoder(keepsRaw: keepsRaw)
        let chunks = try decoder.decode(body)
        do {
            return chunks + (try decoder.finish())
        } catch {
            throw GenerationError(.badResponse, "The provider's reply holds no finished answer.")
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ choice: Reply.Choice, for endpoint: OpenAIEndpoint) {
        append(literal: #"{"index":"#)
        append(json: choice.index)
        switch endpoint {
        case .chatCompletions:
            append(literal: #","message":{"role":"#)
            append(json: choice.role.rawValue)
            append(literal: #","content":"#)
            let isEmpty = choice.text.isEmpty && !choice.toolCalls.isEmpty
            if isEmpty { append(literal: "null") } else { append(json: choice.text) }
            append(literal: #","refusal":"#)
            if choice.refusal.isEmpty { append(literal: "null") } else { append(json: choice.refusal) }
            appendRare(choice)
            append(literal: "}")
        case .completions:
            append(literal: #","text":"#)
            append(json: choice.text)
            if !choice.refusal.isEmpty { append(member: "refusal") { $0.append(json: choice.refusal) } }
            appendRare(choice)
        }
        append(literal: #","logprobs":"#)
        var columns = endpoint == .completions ? OpenAILogProbabilityColumns() : nil
        append(
            logProbabilities: choice.logProbabilities.isEmpty ? nil : choice.logProbabilities, columns: &columns)
        append(literal: #","finish_reason":"#)
        append(choice.finish)
        append(literal: "}")
    }

    private mutating func appendRare(_ choice: Reply.Choice) {
        if !choice.reasoning.isEmpty {
            append(member: "reasoning_content") { $0.append(json: choice.reasoning) }
        }
        guard !choice.toolCalls.isEmpty else { return }
        append(literal: #","tool_calls":"#)
        let isInOrder = choice.toolCalls.enumerated().allSatisfy { $0 == $1.index }
        appendList(choice.toolCalls) { output, call in
            output.append(literal: "{")
            if !isInOrder { output.append(member: "index") { $0.append(json: call.index) } }
            output.append(member: "id") { $0.append(json: call.id) }
            output.append(literal: #","type":"function","function":{"name":"#)
            output.append(json: call.name)
            output.append(literal: #","arguments":"#)
            output.append(json: call.arguments)
            output.append(literal: "}}")
        }
    }
}
