/// One change of settings that may be worth making.
package struct TuningQuestion: Sendable, Hashable {
    /// What is changed, in a word or two for a person: `2 threads`, `large pages`.
    package var subject: String
    /// The change. Settings that it leaves out stay as the search has found them best so far.
    package var change: TunedSettings
    /// The speeds that it can change, all of which are measured.
    package var objectives: [TuningObjective]
    /// Tokens of the prompt that is measured with; `nil` for the usual number.
    package var promptLength: Int?

    /// A question.
    package init(
        _ subject: String, _ objectives: [TuningObjective] = TuningObjective.allCases, promptLength: Int? = nil,
        _ change: (inout TunedSettings) -> Void
    ) {
        self.subject = subject
        self.objectives = objectives
        self.promptLength = promptLength
        self.change = TunedSettings()
        change(&self.change)
    }
}
