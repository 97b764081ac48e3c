package import Freshet

/// Follows where a model's thoughts begin and end, counts their tokens, and ends them when there may be no more.
///
/// Tags are looked for in the text, not among the tokens, because a tag's last byte may share a token with what follows.
///
/// ```swift
/// var tracker = ThinkingTracker(start: "<think>", ends: ["</think>"], forced: endTokens, budget: 100)
/// tracker.begin(after: "<|assistant|><think>")  // the prompt has opened the thoughts
/// while let token = tracker.forcedToken ?? sampler.sample(logits) {
///     tracker.accept(text: …, isWhole: true)
/// }
/// ```
package struct ThinkingTracker: Sendable {
    /// Tokens that were thoughts.
    package private(set) var count = 0
    /// Whether the model is thinking.
    package private(set) var isThinking = false

    /// The tag that begins the thoughts; empty when there is none.
    let start: String
    /// The tags that end them.
    let ends: [String]
    /// The tokens of one of those.
    let forced: [Token]
    /// The most tokens of thoughts.
    let budget: Int?
    /// What the prompt has of the answer.
    private(set) var begun = ""
    private var filter: StopSequenceFilter
    /// How many of the forced tokens have been taken, once the budget is used up.
    private var forcing: Int?

    /// A tracker at the beginning of an answer.
    ///
    /// - Parameters:
    ///   - start: the tag that begins the thoughts; empty when there is none.
    ///   - ends: the tags that end them.
    ///   - forced: the tokens of one of those.
    ///   - budget: the most tokens of thoughts, a forced end tag not counted; `nil` is no limit.
    package init(start: String, ends: [String], forced: [Token], budget: Int?) {
        (self.start, self.ends, self.forced, self.budget) = (start, ends, forced, budget)
        filter = StopSequenceFilter([start])
    }

    /// Takes what the prompt has of the answer already.
    package mutating func begin(after prompt: String) {
        begun = prompt
        follow(prompt)
        count = 0
        limit(isWhole: true)
    }

    /// The token that has to come next, whatever the model would choose; `nil` when the model chooses.
    package var forcedToken: Token? {
        guard let forcing, forced.indices.contains(forcing) else { return nil }
        return forced[forcing]
    }

    /// Takes the next token.
    ///
    /// - Parameters:
    ///   - text: what it adds to the text; its name, where it is one of the tags.
    ///   - isWhole: whether the text ends with a whole character. Nothing is forced into one.
    /// - Returns: whether the token was a thought.
    @discardableResult
    package mutating func accept(text: String, isWhole: Bool) -> Bool {
        let wasForced = forcedToken != nil
        if let forcing { self.forcing = forcing + 1 }
        let wasThinking = isThinking
        follow(text)
        let isThought = wasThinking && !wasForced
        if isThought { count += 1 }
        limit(isWhole: isWhole)
        return isThought
    }

    /// Looks for the next tags. A piece may hold several.
    private mutating func follow(_ text: String) {
        guard !start.isEmpty || isThinking else { return }
        for scalar in text.unicodeScalars {
            guard filter.process(String(scalar)).stop != nil else { continue }
            isThinking.toggle()
            if !isThinking { forcing = nil }
            filter = StopSequenceFilter(isThinking ? ends : [start])
        }
    }

    private mutating func limit(isWhole: Bool) {
        guard isThinking, isWhole, forcing == nil, !forced.isEmpty, let budget, count >= budget else { return }
        forcing = 0
    }
}
