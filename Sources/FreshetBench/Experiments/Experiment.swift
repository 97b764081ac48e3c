package import Freshet

/// One thing to measure: what is asked of a side in one turn, and what its answers say.
package protocol Experiment: Sendable {
    /// What it is about.
    var topic: Topic { get }
    /// What it does, in a few words, for the progress bar and for complaints.
    var title: String { get }
    /// What a turn takes of a provider.
    var needs: Needs { get }

    /// Measures one side once.
    ///
    /// - Throws: `GenerationError` when a request fails, or the task is cancelled.
    func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn
}

/// What one turn of an experiment takes of a provider.
package struct Needs: Sendable, Hashable {
    /// Requests that run side by side.
    package var streams: Int
    /// Tokens of the longest prompt and its answer together.
    package var contextLength: Int
    /// Tokens of prompts that are computed.
    package var promptTokens: Int
    /// Tokens that are generated.
    package var answerTokens: Int
    /// What only a model in this process can tell: the experiment measures the first side alone, with its instruments.
    package var isLocal: Bool

    /// What a turn takes.
    package init(
        streams: Int, contextLength: Int, promptTokens: Int, answerTokens: Int, isLocal: Bool = false
    ) {
        self.streams = streams
        self.contextLength = contextLength
        self.promptTokens = promptTokens
        self.answerTokens = answerTokens
        self.isLocal = isLocal
    }
}

/// When a turn is taken, and with what.
package struct Occasion: Sendable {
    /// The round's number, from 0; the warm-up's is -1.
    package var round: Int
    /// The round's prompts, which are the same for both sides.
    package var prompts: Prompts
    /// What the time is taken with.
    package var clock: LoadClock
}

/// What one turn found.
package struct Turn: Sendable {
    /// One figure for each of the experiment's rows, the same rows in every turn.
    package var figures: [Figure]
    /// Something to draw: the timelines of its last workload.
    package var trace: Trace?
    /// Gaps to count in a ``Histogram``, in milliseconds, and whose they are.
    package var gaps: (name: String, milliseconds: [Double])?

    /// What a turn found.
    package init(_ figures: [Figure], trace: Trace? = nil, gaps: (name: String, milliseconds: [Double])? = nil) {
        self.figures = figures
        self.trace = trace
        self.gaps = gaps
    }
}

/// One side's sample of one row.
package struct Figure: Sendable, Hashable {
    /// The row's name.
    package var name: String
    /// The numbers behind the name.
    package var parameters: Measurement.Parameters
    /// What the value is counted in.
    package var unit: Measurement.Unit
    /// The sample; `nil` where there is none.
    package var value: Double?
    /// Why there is none, in one sentence.
    package var remark: String?

    /// A sample, or the reason why there is none. A value that is no finite number counts as none.
    package init(
        _ name: String, _ parameters: Measurement.Parameters = Measurement.Parameters(), in unit: Measurement.Unit,
        _ value: Double?, or remark: String = "Too little came to tell."
    ) {
        self.name = name
        self.parameters = parameters
        self.unit = unit
        self.value = value.flatMap { $0.isFinite ? $0 : nil }
        if self.value == nil { self.remark = remark }
    }
}

extension Experiment {
    /// Carries out workloads on a side, one after the other.
    func run(_ workloads: Workload..., on contender: Contender, _ occasion: Occasion)
        async throws(GenerationError) -> [[Timeline]]
    {
        let generator = LoadGenerator(contender.provider, clock: occasion.clock)
        var runs: [[Timeline]] = []
        for var workload in workloads {
            for place in workload.requests.indices where !occasion.prompts.manner.ignoresEnd {
                workload.requests[place].request.sampling.ignoresEndOfGeneration = false
            }
            runs.append(try await generator.run(workload))
        }
        return runs
    }
}
