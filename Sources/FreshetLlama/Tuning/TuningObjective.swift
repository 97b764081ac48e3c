/// A speed that tuning is after.
package enum TuningObjective: String, Codable, Sendable, CaseIterable {
    /// Tokens a second of a prompt.
    case prompt
    /// Tokens a second of one answer.
    case decode
}
