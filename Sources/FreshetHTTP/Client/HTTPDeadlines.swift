/// How long an exchange may take, each part counted on its own; `nil` is for ever.
public struct HTTPDeadlines: Sendable, Hashable {
    /// From the start until the connection stands, TLS included.
    public var connect: Duration?
    /// From the start until the head of the answer begins.
    public var firstByte: Duration?
    /// Between two reads of the answer. A paused exchange is not idle.
    public var idle: Duration?
    /// Between two pieces of content, from the start to the first one too, pauses included: a heartbeat does not
    /// count.
    public var content: Duration?
    /// From the start to the end, pauses included.
    public var total: Duration?

    /// Makes deadlines; none where nothing is said.
    public init(
        connect: Duration? = nil, firstByte: Duration? = nil, idle: Duration? = nil, content: Duration? = nil,
        total: Duration? = nil
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.idle = idle
        self.content = content
        self.total = total
    }
}
