/// The timelines of one run of a workload, to be drawn side by side.
package struct Trace: Codable, Sendable, Hashable {
    /// What was measured.
    package var topic: Topic
    /// What happened, in words: `2,000 tokens arrive beside 3 streams`.
    package var name: String
    /// The place in ``Report/sides`` of the side that it happened to.
    package var side: Int
    /// The requests, in the workload's order.
    package var timelines: [Timeline]
    /// The place in ``timelines`` of the request whose long prompt disturbs the others, where there is one: it waits
    /// from its ``Timeline/start`` to its first piece.
    package var intruder: Int?
    /// The place in ``timelines`` of the request whose reader pauses, where there is one.
    package var slowReader: Int?

    /// A trace.
    package init(
        _ topic: Topic, _ name: String, side: Int, timelines: [Timeline], intruder: Int? = nil, slowReader: Int? = nil
    ) {
        self.topic = topic
        self.name = name
        self.side = side
        self.timelines = timelines
        self.intruder = intruder
        self.slowReader = slowReader
    }
}
