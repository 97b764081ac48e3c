import Freshet

/// What OpenAI's objects say beside the answer itself, taken out of their members.
extension JSONMembers {
    /// Takes `usage`, or what Groq says under `x_groq`. What details it has that a ``Usage`` has not are left.
    mutating func takeUsage() -> Usage? {
        object("usage") { $0.takeCounts() } ?? object("x_groq") { groq in groq.object("usage") { $0.takeCounts() } }
    }

    private mutating func takeCounts() -> Usage? {
        let (prompt, completion) = (count("prompt_tokens"), count("completion_tokens"))
        guard prompt != nil || completion != nil else { return nil }
        var usage = Usage(promptTokens: prompt ?? 0, completionTokens: completion ?? 0)
        let cached = object("prompt_tokens_details") { $0.count("cached_tokens") } ?? 0
        usage.cachedTokens = min(cached, usage.promptTokens)
        let reasoning = object("completion_tokens_details") { $0.count("reasoning_tokens") } ?? 0
        usage.reasoningTokens = min(reasoning, usage.completionTokens)
        drop("total_tokens", where: .integer(Int128(usage.totalTokens)))
        return usage
    }

    /// Takes llama.cpp's `timings`, and the usage that they tell where nothing else does.
    mutating func takeTimings() -> (timings: Timings, usage: Usage)? {
        object("timings") { members in
            guard let prompt = members.milliseconds("prompt_ms"), let decode = members.milliseconds("predicted_ms")
            else { return nil }
            let drafted = members.count("draft_n") ?? 0
            let timings = Timings(
                prompt: prompt, decode: decode, firstToken: members.milliseconds("first_token_ms"),
                draftedTokens: drafted, acceptedTokens: min(members.count("draft_n_accepted") ?? 0, drafted))
            let cached = members.count("cache_n") ?? 0
            let prompted = members.count("prompt_n") ?? 0
            let usage = Usage(
                promptTokens: cached + prompted, completionTokens: members.count("predicted_n") ?? 0,
                cachedTokens: cached)
            return (timings, usage)
        }
    }

    /// The choice to which belongs what an event says beside its choices: the first one that it names.
    var firstChoiceIndex: Int {
        guard case .array(let items) = rest["choices"] else { return 0 }
        return items.first?["index"]?.whole ?? 0
    }

    /// Takes llama.cpp's `prompt_progress`, where its numbers agree.
    mutating func takeProgress() -> PromptProgress? {
        object("prompt_progress") { members in
            let counts = ["processed", "cache", "total"].map { members.rest[$0]?.count }
            guard let processed = counts[0], let cached = counts[1], let total = counts[2], cached <= processed,
                processed <= total
            else { return nil }
            for name in ["processed", "cache", "total"] { members.drop(name) }
            return PromptProgress(processed: processed, cached: cached, total: total)
        }
    }

    /// Takes the log-probabilities of a choice. Members that OpenAI's entries do not have are passed over.
    mutating func takeLogProbabilities() -> [TokenLogProbability]? {
        object("logprobs") { members in
            let entries: [TokenLogProbability]? = members.take("content") { value in
                guard case .array(let items) = value else { return nil }
                let entries = items.compactMap(TokenLogProbability.init(wire:))
                return entries.count == items.count ? entries : nil
            }
            guard let entries else { return OpenAILogProbabilityColumns.take(from: &members) }
            OpenAILogProbabilityColumns.drop(from: &members)
            return entries
        }
    }

    /// Takes the runs of bytes that are no text.
    mutating func takeUndecodable() -> [UndecodableBytes]? {
        take("undecodable") { value in
            guard case .array(let items) = value else { return nil }
            let runs = items.compactMap { item -> UndecodableBytes? in
                guard let offset = item["offset"]?.count, let bytes = item["bytes"]?.bytes else { return nil }
                return UndecodableBytes(offset: offset, bytes: bytes)
            }
            return runs.count == items.count ? runs : nil
        }
    }
}

extension TokenLogProbability {
    /// Reads one entry of `logprobs.content`; `nil` where it is none.
    fileprivate init?(wire value: JSONValue) {
        guard let token = Candidate(wire: value) else { return nil }
        self.init(token: token)
        guard case .array(let items) = value["top_logprobs"] else { return }
        top = items.compactMap(Candidate.init(wire:))
    }
}

extension TokenLogProbability.Candidate {
    /// Reads a token with its probability. Where the exact bytes are missing, the text's stand for them.
    fileprivate init?(wire value: JSONValue) {
        guard let token = value["token"]?.string, let logarithm = value["logprob"]?.double else { return nil }
        self.init(bytes: value["bytes"]?.bytes ?? Array(token.utf8), logarithm: logarithm)
    }

    /// A token with its probability as the wire has it: -9999 is OpenAI's word for the logarithm of zero, for which
    /// JSON has no number.
    init(bytes: [UInt8], logarithm: Double) {
        self.init(bytes: bytes, logProbability: logarithm <= -9999 ? -.infinity : Float(logarithm))
    }
}
