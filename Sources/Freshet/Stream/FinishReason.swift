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

/// Bytes that a model made and that are not UTF-8: a character cut off at the end, or a stray byte between two.
public struct UndecodableBytes: Sendable, Hashable {
    /// The number of UTF-8 bytes of text that come before them.
    public var offset: Int
    /// The bytes.
    public var bytes: [UInt8]

    /// Makes a run of undecodable bytes.
    public init(offset: Int, bytes: [UInt8]) {
        self.offset = offset
        self.bytes = bytes
    }
}
