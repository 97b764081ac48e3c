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
    /// Tokens of the prompt that are the beginning of what the answers have to obey.
    package var begun: [Token] = []
    /// Makes what tells one choice's text apart; `nil` leaves it as it is.
    package var makeReader: @Sendable (_ choice: Int) -> (any AnswerReader)?

    /// A form with nothing but its reader.
    package init(makeReader: @escaping @Sendable (_ choice: Int) -> (any AnswerReader)?) {
        self.makeReader = makeReader
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
