/// One figure of a report: what was measured, and what each side came to.
package struct Measurement: Codable, Sendable, Hashable {
    /// What it is about.
    package var topic: Topic
    /// The row's name, as llama-bench writes it where it has such a row: `pp512`, `tg128 @ d1024`.
    package var name: String
    /// The numbers behind the name, for plots and for programs.
    package var parameters: Parameters
    /// What the samples are counted in.
    package var unit: Unit
    /// What each side came to, in the order of ``Report/sides``. A row that is about the first side alone has one.
    package var outcomes: [Outcome]
    /// The first side's samples divided by the second's, round by round, since the sides took turns; `nil` with one
    /// side, or where a side has none.
    package var ratio: Summary?

    /// What a row was measured with; `nil` where it does not apply.
    package struct Parameters: Codable, Sendable, Hashable {
        /// Tokens of each prompt.
        package var promptLength: Int?
        /// Tokens that were in memory before the part that was timed.
        package var depth: Int?
        /// Tokens of each answer.
        package var answerLength: Int?
        /// Streams that ran at the same time.
        package var streams: Int?

        /// The parameters that apply.
        package init(promptLength: Int? = nil, depth: Int? = nil, answerLength: Int? = nil, streams: Int? = nil) {
            self.promptLength = promptLength
            self.depth = depth
            self.answerLength = answerLength
            self.streams = streams
        }
    }

    /// What samples are counted in.
    package enum Unit: String, Codable, Sendable {
        /// Tokens a second; of all streams together, where there are several.
        case tokensPerSecond = "t/s"
        /// Chunks a second.
        case chunksPerSecond = "chunks/s"
        /// Thousandths of a second.
        case milliseconds = "ms"
        /// Millionths of a second.
        case microseconds = "µs"
        /// Parts of a hundred.
        case percent = "%"
        /// Millions of bytes.
        case megabytes = "MB"

        /// Whether more of it is better.
        package var isMoreBetter: Bool { self == .tokensPerSecond || self == .chunksPerSecond }
    }

    /// What one side came to.
    package struct Outcome: Codable, Sendable, Hashable {
        /// One figure a round, in the measurement's unit.
        package var samples: [Double]
        /// What they come to; `nil` without samples.
        package var summary: Summary?
        /// Why there are no samples, or what they lack, in one sentence; `nil` when all is well.
        package var remark: String?

        /// What samples come to. One that is infinite or no number is no sample.
        package init(_ samples: [Double], remark: String? = nil) {
            self.samples = samples.filter(\.isFinite)
            summary = Summary(self.samples)
            self.remark = remark
        }
    }

    /// A row, whose ratio is computed.
    package init(
        _ topic: Topic, _ name: String, _ parameters: Parameters = Parameters(), in unit: Unit, outcomes: [Outcome]
    ) {
        self.topic = topic
        self.name = name
        self.parameters = parameters
        self.unit = unit
        self.outcomes = outcomes
        // Where a round of one side is missing, the others have no partners.
        if outcomes.count == 2, outcomes.allSatisfy({ $0.remark == nil }) {
            let pairs = zip(outcomes[0].samples, outcomes[1].samples)
            ratio = Summary(pairs.map { $0 / $1 }.filter(\.isFinite))
        }
    }
}
