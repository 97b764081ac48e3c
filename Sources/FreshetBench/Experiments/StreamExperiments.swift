package import Freshet

/// The time between two tokens of a stream while so many run: what a person sees of the speed.
package struct Gaps: Experiment {
    private let streams: Int
    private let length: Int

    /// Streams of `length` tokens each.
    package init(streams: Int, length: Int = 64) { (self.streams, self.length) = (streams, length) }

    package var topic: Topic { .gaps }
    package var title: String { "gaps of \(StreamRow.count(streams))" }
    package var needs: Needs { StreamRow.needs(streams: streams, length: length) }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        let runs = try await run(
            StreamRow.workload(streams: streams, length: length, occasion.prompts), on: contender, occasion)
        let gaps = Self.steadyGaps(of: runs[0]).map { 1000 * $0 }
        let summary = Summary(gaps)
        let parameters = Measurement.Parameters(answerLength: length, streams: streams)
        let name = StreamRow.count(streams)
        return Turn(
            [
                Figure("gap p50, \(name)", parameters, in: .milliseconds, summary?.median),
                Figure("gap p99, \(name)", parameters, in: .milliseconds, summary?.p99),
                Figure("gap max, \(name)", parameters, in: .milliseconds, summary?.highest),
            ], gaps: (name, gaps))
    }

    /// The gaps from the moment at which all streams have begun to that at which the first ends: those before hold the
    /// others' prompts.
    static func steadyGaps(of timelines: [Timeline]) -> [Double] {
        let begin = timelines.compactMap(\.pieces.first).max() ?? 0
        let end = timelines.compactMap(\.pieces.last).min() ?? 0
        guard begin < end else { return [] }
        return timelines.flatMap { timeline in
            zip(timeline.pieces, timeline.pieces.dropFirst()).filter { $0 >= begin && $1 <= end }.map { $1 - $0 }
        }
    }
}

/// Tokens a second in all, of streams that are sent at once, from the first request to the last answer's end.
package struct Throughput: Experiment {
    private let streams: Int
    private let length: Int
    private let beginning: Int

    /// Streams of `length` tokens each.
    ///
    /// - Parameter beginning: tokens with which all their prompts begin, as those of a service do.
    package init(streams: Int, length: Int = 64, beginning: Int = 0) {
        (self.streams, self.length, self.beginning) = (streams, length, beginning)
    }

    package var topic: Topic { .streams }
    package var title: String { StreamRow.count(streams) + (beginning > 0 ? ", one beginning of \(beginning)" : "") }
    package var needs: Needs { StreamRow.needs(streams: streams, length: length, beginning: beginning) }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        let runs = try await run(
            StreamRow.workload(streams: streams, length: length, beginning: beginning, occasion.prompts),
            on: contender, occasion)
        return Turn([figure(of: runs[0])])
    }

    /// What the streams' timelines say.
    func figure(of timelines: [Timeline]) -> Figure {
        let counts = timelines.compactMap(\.answerTokens)
        let time = (timelines.compactMap(\.end).max() ?? 0) - (timelines.map(\.start).min() ?? 0)
        return Figure(
            title, Measurement.Parameters(answerLength: length, streams: streams), in: .tokensPerSecond,
            counts.count == timelines.count ? Double(counts.reduce(0, +)) / time : nil, or: SpeedRow.noCount)
    }
}

/// What measurements of several streams have in common.
enum StreamRow {
    /// Tokens of each stream's prompt: short, so that the streams run together for most of the time.
    static let promptLength = 48

    /// So many streams, in words.
    static func count(_ streams: Int) -> String { streams.counted("stream") }

    static func needs(streams: Int, length: Int, beginning: Int = 0) -> Needs {
        Needs(
            streams: streams, contextLength: beginning + promptLength + length,
            promptTokens: beginning + streams * promptLength, answerTokens: streams * length)
    }

    /// Prompts that are all sent at once, and differ behind their beginning.
    static func workload(streams: Int, length: Int, beginning: Int = 0, _ prompts: Prompts) -> Workload {
        var prompts = prompts
        let common = prompts.next(beginning)
        return Workload(
            (1...streams).map { number in
                let content = common + prompts.next(promptLength)
                return Workload.Planned(
                    "stream \(number)", prompt: prompts.prompt(content), answerLength: length)
            })
    }
}
