internal import Freshet

extension Vocabulary {
    /// The tokens that a text is to the model, with what the model wants around it; `nil` for a text that is far beyond
    /// `limit` tokens, which is not read whole.
    ///
    /// Looks at ever longer beginnings of a long text first, until one alone has too many tokens: the tokenizer takes
    /// memory that is many times the text, and for millions of marks such as `<|end|>` minutes.
    ///
    /// - Throws: ``GenerationError`` when the tokenizer refuses the text.
    func tokens(of text: String, limit: Int?) throws(GenerationError) -> [Token]? {
        if let limit {
            // No text of ordinary words that fits is as long as that.
            var size = max(64 << 10, 8 * limit)
            while size < text.utf8.count {
                let beginning = String(decoding: text.utf8.prefix(size), as: UTF8.self)
                let count = try tokenize(beginning, addingSpecial: true, parsingSpecial: true).count
                // The word that was cut may have more tokens than it has whole.
                guard count <= limit + limit / 8 + 64 else { return nil }
                size *= 4
            }
        }
        return try tokenize(text, addingSpecial: true, parsingSpecial: true)
    }
}
