import Freshet

extension FinishReason {
    /// OpenAI's reason for what an OpenAI-compatible server says, which may be another provider's word that it passes
    /// on; a word that is in nobody's list stays as it is. `nil` where the word says that the answer failed.
    init?(openAI word: String) {
        if let known = Self.words[word] {
            self = known
        } else if word.hasPrefix("IMAGE_") {
            self = .contentFilter
        } else if word.lowercased() == "error" || word.hasPrefix("MALFORMED_") {
            return nil
        } else {
            self.init(rawValue: word)
        }
    }

    private static let words: [String: FinishReason] = {
        let lists: [(FinishReason, [String])] = [
            (.stop, ["stop", "end_turn", "stop_sequence", "STOP", "eos"]),
            (
                .length,
                [
                    "length", "max_tokens", "MAX_TOKENS", "max_output_tokens", "model_context_window_exceeded",
                    "compaction",
                ]
            ),
            (.toolCalls, ["tool_calls", "tool_use", "function_call"]),
            (
                .contentFilter,
                [
                    "content_filter", "refusal", "SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST",
                    "PROHIBITED_CONTENT", "SPII", "NO_IMAGE", "guardrail_intervened",
                ]
            ),
        ]
        return Dictionary(uniqueKeysWithValues: lists.flatMap { reason, words in words.map { ($0, reason) } })
    }()
}
