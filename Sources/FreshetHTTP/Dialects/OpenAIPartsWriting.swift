import Freshet

/// What a stream's objects and a whole reply's have in common.
extension [UInt8] {
    /// Adds what every object begins with, up to and with the name of its choices.
    mutating func appendHead(id: String, object: StaticString, created: Int, model: String) {
        append(literal: #"{"id":"#)
        append(json: id)
        append(literal: #","object":"#)
        append(literal: object)
        append(literal: #","created":"#)
        append(json: created)
        append(literal: #","model":"#)
        append(json: model)
        append(literal: #","choices":"#)
    }

    /// Adds the log-probabilities of a choice, or `null`.
    ///
    /// - Parameter columns: where the older form stands beside the newer one, what it has had so far.
    mutating func append(
        logProbabilities entries: [TokenLogProbability]?, columns: inout OpenAILogProbabilityColumns?
    ) {
        guard let entries else { return append(literal: "null") }
        append(literal: "{")
        columns?.append(entries, to: &self)
        append(literal: columns == nil ? #""content":"# : #","content":"#)
        appendList(entries) { output, entry in
            output.append(literal: "{")
            output.append(entry.token)
            output.append(literal: #","top_logprobs":"#)
            output.appendList(entry.top) { output, candidate in
                output.append(literal: "{")
                output.append(candidate)
                output.append(literal: "}")
            }
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

    /// Adds the reason of a finish, or `null`, and beside it what ended the answer and what was left of it.
    mutating func append(_ finish: Finish?) {
        guard let finish else { return append(literal: "null") }
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

    /// Adds the usage.
    mutating func append(_ usage: Usage) {
        append(literal: #"{"prompt_tokens":"#)
        append(json: usage.promptTokens)
        append(literal: #","completion_tokens":"#)
        append(json: usage.completionTokens)
        append(literal: #","total_tokens":"#)
        append(json: usage.totalTokens)
        append(literal: #","prompt_tokens_details":{"cached_tokens":"#)
        append(json: usage.cachedTokens)
        append(literal: "}")
        if usage.reasoningTokens > 0 {
            append(literal: #","completion_tokens_details":{"reasoning_tokens":"#)
            append(json: usage.reasoningTokens)
            append(literal: "}")
        }
        append(literal: "}")
    }

    /// Adds the timings as a further member, with the counts that llama.cpp has beside them.
    mutating func append(_ timings: Timings, _ usage: Usage) {
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
        if timings.draftedTokens > 0 {
            append(literal: #","draft_n":"#)
            append(json: timings.draftedTokens)
            append(literal: #","draft_n_accepted":"#)
            append(json: timings.acceptedTokens)
        }
        append(literal: "}")
    }

    /// Lays what a provider said beside its answer over the object that was added from `start` on.
    mutating func merge(_ remainder: JSONValue, from start: Int) {
        // What was added is an object, so that it can be read.
        guard let object = try? JSONValue(json: self[start...]) else { return }
        removeSubrange(start...)
        append(json: object.merging(remainder))
    }

    private mutating func append(bytes: [UInt8]) {
        appendList(bytes) { $0.append(json: $1) }
    }
}
