/// Why a choice is complete. The names are OpenAI's.
public struct FinishReason: RawRepresentable, Sendable, Hashable {
    /// The reason's wire name.
    public let rawValue: String

    /// Makes a reason from its wire name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The model ended its answer, or a stop sequence was met.
    public static let stop = FinishReason(rawValue: "stop")
    /// The token limit, or the end of the context, was reached.
    public static let length = FinishReason(rawValue: "length")
    /// The model asks for tools to be called.
    public static let toolCalls = FinishReason(rawValue: "tool_calls")
    /// The provider withheld the rest.
    public static let contentFilter = FinishReason(rawValue: "content_filter")
}
