package import Freshet

/// How the answers to a request are written, where they are more than text.
package struct AnswerForm: Sendable {
    /// Control tokens whose names are a part of the answer's text.
    package var shown: Set<Token> = []
    /// Texts that end the answer, beside those of the request. They are no concern of the caller's.
    package var stops: [String] = []
    /// Where the model's thoughts begin and end, and how long they may be.
    package var thinking: ThinkingTracker?
    /// Whether what the answers have to obey reads the model's thoughts too; else it holds for what comes after them.
    package var isObeyedWhileThinking = false
    /// What stands before the text that has to obey: the model's thoughts, and marks. Its grammar asks for a token where
    /// the text may begin; there the answers' constraint takes its place. `nil` where the text begins at once.
    package var opening: Constraint?
    /// Tokens of the prompt that are the beginning of what the answers have to obey, or of ``opening``.
    package var begun: [Token] = []
    /// Makes what tells one choice's text apart; `nil` leaves it as it is.
    package var makeReader: @Sendable (_ choice: Int) -> (any AnswerReader)?

    /// A form with nothing but its reader.
    package init(makeReader: @escaping @Sendable (_ choice: Int) -> (any AnswerReader)?) {
        self.makeReader = makeReader
    }

    /// Lets something stand before the text, of which the prompt has the beginning.
    mutating func begin(opening: Constraint, with prompt: String) {
        // A prompt that is no beginning of a turn, as its template's parser sees it, is followed by the text.
        guard let begun = try? opening.beginning(with: prompt), GrammarMatcher(opening, after: begun).isAlive else {
            return
        }
        (self.opening, self.begun, isObeyedWhileThinking) = (opening, begun, true)
    }
}

/// Tells the text of one choice apart: reasoning, text, calls to tools.
package protocol AnswerReader: AnyObject {
    /// Takes the next piece of the text.
    ///
    /// - Parameter isEnd: whether none will follow.
    /// - Returns: what it gives: none of it empty, and of each call the name first.
    func read(_ text: String, isEnd: Bool) throws(GenerationError) -> [Chunk.Content]
}
