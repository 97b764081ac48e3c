/// The end of one choice.
public struct Finish: Sendable, Hashable {
    /// Why it ended.
    public var reason: FinishReason
    /// The stop sequence that ended it, when one did.
    public var stopSequence: String?
    /// Bytes of the model's output that are no part of any valid character, with where they stood. Nearly always empty.
    public var undecodable: [UndecodableBytes]

    /// Makes an end.
    public init(_ reason: FinishReason, stopSequence: String? = nil, undecodable: [UndecodableBytes] = []) {
        self.reason = reason
        self.stopSequence = stopSequence
        self.undecodable = undecodable
    }
}
