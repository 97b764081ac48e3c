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
