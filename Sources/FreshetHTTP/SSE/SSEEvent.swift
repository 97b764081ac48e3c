/// One server-sent event.
public struct SSEEvent: Sendable, Hashable {
    /// The name under `event:`, or `message` where there was none.
    public var type: String
    /// The lines under `data:`, joined with LF. Usually UTF-8, which nobody has checked.
    public var data: [UInt8]
    /// The stream's last `id:` up to this event; empty where there was none.
    public var id: String
    /// Whether the blank line that ends an event was there. The last event of a stream that was cut off has none, and
    /// what it holds may be a part only.
    public var isComplete: Bool

    /// Makes an event.
    public init(type: String = "message", data: [UInt8], id: String = "", isComplete: Bool = true) {
        self.type = type
        self.data = data
        self.id = id
        self.isComplete = isComplete
    }
}
