internal import Freshet

/// A request on its way to a slot: checked, tokenised, and with the stream that its answers go to.
struct Submission: Sendable {
    var request: GenerationRequest
    /// The prompt; never empty.
    var tokens: [Token]
    var answers: AnswerStream
    /// How the answers are written; `nil` where they are only text.
    var form: AnswerForm?
    /// What the answers have to obey.
    var constraint: Constraint?
}
