import Freshet

/// How a request asks for log-probabilities: a conversation by `logprobs` and `top_logprobs`, a plain completion by a
/// number in `logprobs`, and either by llama.cpp's `n_probs`.
extension OpenAIRequest {
    /// Reads how many of the likeliest tokens are asked for; `nil` where the body says nothing of log-probabilities,
    /// or that none are wanted.
    static func logProbabilities(_ body: JSONField, at endpoint: OpenAIEndpoint) throws(GenerationError) -> Int? {
        if let field = body["n_probs"] {
            let count: Int = try field.integer()
            if count != 0 { return try limited(field, count) }
        }
        let top: Int? = try body["top_logprobs"].map { field throws(GenerationError) in
            try limited(field, try field.integer())
        }
        guard let field = body["logprobs"], field.value != false else {
            guard let top, top > 0, let field = body["top_logprobs"] else { return nil }
            throw field.complaint("needs logprobs, which must then be true")
        }
        if field.value == true { return top ?? 0 }
        guard endpoint == .completions else { throw field.mismatch("true or false") }
        return try limited(field, try field.integer())
    }

    private static func limited(_ field: JSONField, _ count: Int) throws(GenerationError) -> Int {
        let limit = GenerationRequest.logProbabilityLimit
        guard 0...limit ~= count else { throw field.complaint("must be from 0 to \(limit), but is \(count)") }
        return count
    }
}

extension [UInt8] {
    /// Adds the members that ask for log-probabilities.
    mutating func append(logProbabilities count: Int, at endpoint: OpenAIEndpoint) {
        switch endpoint {
        case .chatCompletions:
            append(member: "logprobs") { $0.append(literal: "true") }
            if count > 0 { append(member: "top_logprobs") { $0.append(json: count) } }
        case .completions:
            append(member: "logprobs") { $0.append(json: count) }
        }
    }
}
