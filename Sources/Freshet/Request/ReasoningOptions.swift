/// What a model that thinks before it answers does with its thoughts.
public struct ReasoningOptions: Sendable, Hashable {
    /// Whether the model is to think; `nil` leaves it to the model's template. Templates that know no thinking, or
    /// cannot do without, pass over it.
    public var isEnabled: Bool?
    /// How much to think, in the template's own words, such as `low`, `medium` or `high`.
    public var effort: String?
    /// The most tokens of reasoning; `nil` is no limit. When they are used up the end of the thoughts is written for
    /// the model, which then answers. 0 ends them at once.
    public var budget: Int?
    /// Whether the thoughts come as ``Chunk/Content/reasoning(_:)``; otherwise they stand in the text as the model
    /// writes them, tags included.
    public var isSeparate = true

    /// The defaults.
    public init() {}

    /// The most UTF-8 bytes of ``effort``.
    public static let effortLimit = 64

    func validate() throws(GenerationError) {
        if let budget, budget < 0 {
            throw .invalid("reasoning_budget_tokens", "must be 0 or more, but is \(budget)")
        }
        if let effort, effort.isEmpty || effort.utf8.count > Self.effortLimit {
            throw .invalid("reasoning_effort", "must have 1 to \(Self.effortLimit) UTF-8 bytes")
        }
    }
}
