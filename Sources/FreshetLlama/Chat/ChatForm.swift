internal import Freshet

extension AnswerForm {
    /// How the answers to a rendered conversation are written; `nil` where they are only text.
    ///
    /// - Throws: ``GenerationError`` when the vocabulary's tokenizer refuses a mark of the template.
    init?(_ rendering: ChatRendering, for request: GenerationRequest, vocabulary: Vocabulary) throws(GenerationError) {
        guard !rendering.isPlain || !rendering.stops.isEmpty else { return nil }
        // The same request gives the same identifiers, and the next turn of its conversation others.
        let seed = request.sampling.seed.map {
            rendering.prompt.utf8.reduce($0) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        }
        self.init { choice in
            rendering.makeParser(seed: seed.map { $0 &+ UInt64(choice) } ?? .random(in: .min ... .max))
        }
        stops = rendering.stops
        for mark in rendering.preservedMarks + [rendering.thinkingStart] + rendering.thinkingEnds where !mark.isEmpty {
            let tokens = try vocabulary.tokenize(mark, addingSpecial: false, parsingSpecial: true)
            if tokens.count == 1 { shown.insert(tokens[0]) }
        }
        guard let end = rendering.thinkingEnds.first else { return }
        var tracker = ThinkingTracker(
            start: rendering.thinkingStart, ends: rendering.thinkingEnds,
            forced: try vocabulary.tokenize(end, addingSpecial: false, parsingSpecial: true),
            budget: request.reasoning.budget)
        tracker.begin(after: rendering.generationPrompt)
        thinking = tracker
    }
}
