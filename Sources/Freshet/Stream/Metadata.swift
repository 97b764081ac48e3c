/// What a provider sent with a chunk and the protocol has no place for: `system_fingerprint`, `x_groq`, a finish reason
/// of its own.
public struct Metadata: Sendable, Hashable {
    /// What was left of the wire's object when everything that the chunk says had been taken out, in the object's own
    /// shape; `.object` always.
    public var remainder: JSONValue
    /// The wire's bytes as they came, where they were asked for. An event that became several chunks has them at the
    /// first.
    public var raw: [UInt8]?

    /// Makes a chunk's metadata.
    public init(remainder: JSONValue = .object([:]), raw: [UInt8]? = nil) {
        self.remainder = remainder
        self.raw = raw
    }
}
