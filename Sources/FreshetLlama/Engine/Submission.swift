internal import Freshet

/// A request on its way to a slot: checked, tokenised, and with the stream that its answers go to.
struct Submission: Sendable {
    var request: GenerationRequest
    /// The prompt; never empty.
    var tokens: [Token]
    var answers: AnswerStream
    /// What the answers have to obey.
    var constraint: Constraint?
}
