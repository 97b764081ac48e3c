import Freshet

extension OpenAIRequest {
    /// Refuses a field that asks for what cannot be done: passed over, it would give an answer that was not asked for.
    static func refuseWhatCannotBeDone(_ body: JSONField, at endpoint: OpenAIEndpoint) throws(GenerationError) {
        try refuseOtherCandidates(body)
        for (name, isHarmless) in refusals {
            guard let field = body[name], !isHarmless(field.value) else { continue }
            throw GenerationError(
                .invalidRequest, "\(name) asks for something that this server cannot do yet; leave it out.",
                parameter: name)
        }
    }

    /// Of `best_of` candidates OpenAI gives back the `n` likeliest: as many of the one as of the other ask for no
    /// choosing.
    private static func refuseOtherCandidates(_ body: JSONField) throws(GenerationError) {
        guard let field = body["best_of"] else { return }
        let candidates: Int = try field.integer()
        let choices = try choiceCount(body) ?? 1
        guard candidates != choices else { return }
        throw field.complaint(
            "must be as much as n, which is \(choices), but is \(candidates): this server cannot choose among answers")
    }

    /// Fields, and whether a value of them asks for nothing beyond what is done anyway. `null` never does.
    private static let refusals: [(name: String, isHarmless: @Sendable (JSONValue) -> Bool)] = [
        ("post_sampling_probs", { $0 == false }),
        ("functions", \.isEmpty),
        ("function_call", { $0 == "none" || $0 == "auto" }),
        ("echo", { $0 == false }),
        ("suffix", { $0 == "" }),
        ("modalities", { $0 == ["text"] || $0.isEmpty }),
        ("audio", \.isEmpty),
        ("web_search_options", { _ in false }),
        // llama.cpp's own limit counts from the first token: `deadline_ms` counts from the request's arrival.
        ("t_max_predict_ms", { if case .integer(let number) = $0 { number <= 0 } else { false } }),
    ]
}
