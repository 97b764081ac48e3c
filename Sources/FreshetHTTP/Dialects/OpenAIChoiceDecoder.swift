import Freshet

/// Reads one choice's share of a stream's events: what has come of it decides what may follow.
struct OpenAIChoiceDecoder: Sendable {
    /// What becomes a chunk.
    struct Part: Sendable {
        var index: Int
        var content: Chunk.Content
        /// Whether it was not in the event: a role that the provider left out.
        var isSupplied = false
    }

    private let index: Int
    private var hasRole = false
    private var calls = OpenAIToolCalls()

    /// Whether something of the answer has come.
    private(set) var hasContent = false
    /// Whether the finish has come.
    private(set) var isFinished = false

    /// A choice of which nothing has come.
    init(index: Int) { self.index = index }

    /// Whether anything has come that a finish must follow.
    var hasBegun: Bool { hasRole || hasContent || isFinished }

    /// Takes everything known out of an item of `choices`: a chunk's, with `delta`; a whole reply's, with `message`; or
    /// a plain completion's, with `text`.
    ///
    /// - Parameter progress: what the event says of the prompt.
    mutating func takeParts(
        from choice: inout JSONMembers, progress: PromptProgress?
    ) throws(GenerationError) -> [Part] {
        var contents: [Chunk.Content] = []
        let holder = ["delta", "message"].first { choice.rest[$0] != nil }
        let isEmptyPiece = holder == nil && choice.rest["text"] == ""
        if let holder {
            contents =
                try choice.object(holder) { members throws(GenerationError) in
                    try takeContents(from: &members, text: "content", progress: progress)
                } ?? []
        } else {
            contents = try takeContents(from: &choice, text: "text", progress: progress)
        }
        if let entries = choice.takeLogProbabilities() {
            // An empty list beside something else says nothing.
            if !entries.isEmpty || (contents.isEmpty && choice.rest["finish_reason"] == nil) {
                contents.append(.logProbabilities(entries))
            }
        }
        if let finish = try takeFinish(from: &choice) { contents.append(.finish(finish)) }
        // What stands for the role in a plain completion.
        if isEmptyPiece, contents.isEmpty { contents = [.role(.assistant)] }
        return try accept(contents, isPlain: holder == nil)
    }

    /// Takes the pieces of the answer, in the order in which they become chunks.
    private mutating func takeContents(
        from members: inout JSONMembers, text: String, progress: PromptProgress?
    ) throws(GenerationError) -> [Chunk.Content] {
        var contents: [Chunk.Content] = []
        members.drop("role", where: "")
        if let role = members.take("role", { $0.string.flatMap(Role.init(rawValue:)) }) { contents.append(.role(role)) }
        if let progress { contents.append(.progress(progress)) }
        let reasoning = members.string("reasoning_content")
        if let reasoning { members.drop("reasoning", where: .string(reasoning)) }
        if let piece = reasoning ?? members.string("reasoning"), !piece.isEmpty { contents.append(.reasoning(piece)) }
        if let piece = members.string(text), !piece.isEmpty { contents.append(.text(piece)) }
        if let piece = members.string("refusal"), !piece.isEmpty { contents.append(.refusal(piece)) }
        try members.items("tool_calls") { _, item throws(GenerationError) in
            contents.append(.toolCall(try calls.takeFragment(from: &item)))
        }
        return contents
    }

    private func takeFinish(from choice: inout JSONMembers) throws(GenerationError) -> Finish? {
        guard let word = choice.string("finish_reason"), !word.isEmpty else { return nil }
        guard var reason = FinishReason(openAI: word) else {
            throw GenerationError(.providerFailed, "The provider broke the answer off: it gives \(word) as the reason.")
        }
        // Some say that the model stopped, although it asks for tools.
        if reason == .stop, !calls.isEmpty { reason = .toolCalls }
        if reason.rawValue != word, choice.rest["native_finish_reason"] == nil {
            choice.put(.string(word), as: "native_finish_reason")
        }
        return Finish(
            reason, stopSequence: choice.string("stop_reason"), undecodable: choice.takeUndecodable() ?? [])
    }

    /// Lets through what may stand here, with a role before it where none has come.
    private mutating func accept(_ contents: [Chunk.Content], isPlain: Bool) throws(GenerationError) -> [Part] {
        var parts: [Part] = []
        for content in contents {
            var needsRole = !hasRole
            switch content {
            case .role:
                // Repeated by some in every chunk.
                guard !hasRole else { continue }
                needsRole = false
                hasRole = true
            case .progress:
                guard !isFinished else { continue }
                // Plain completions have no role: it stands where our own streams have it.
                needsRole = needsRole && isPlain
            case .finish:
                guard !isFinished else { continue }
                isFinished = true
            default:
                guard !isFinished else {
                    throw GenerationError(.badResponse, "The provider went on with an answer after its finish.")
                }
                hasContent = true
            }
            if needsRole {
                parts.append(Part(index: index, content: .role(.assistant), isSupplied: true))
                hasRole = true
            }
            parts.append(Part(index: index, content: content))
        }
        return parts
    }
}
