package import Freshet

/// A long prompt that arrives beside running streams: the longest gap that one of them sees until the newcomer's first
/// token, and how long that takes.
package struct Intruder: Experiment {
    private let length: Int
    private let streams: Int

    /// A prompt of `length` tokens beside streams.
    package init(length: Int, streams: Int = 3) { (self.length, self.streams) = (length, streams) }

    package var topic: Topic { .intruder }
    package var title: String { "\(length) tokens beside \(StreamRow.count(streams))" }
    package var needs: Needs {
        // While the prompt is computed, each stream is likely to get fewer tokens than it has.
        Needs(
            streams: streams + 1, contextLength: StreamRow.promptLength + length,
            promptTokens: length + streams * StreamRow.promptLength, answerTokens: streams * 48)
    }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        var prompts = occasion.prompts
        let content = prompts.next(length)
        var workload = StreamRow.workload(streams: streams, length: length, prompts)
        // The gap in which the first token falls is over with the next piece of each.
        for place in workload.requests.indices { workload.requests[place].leaving = .withOthers(pieces: 2) }
        workload.requests.append(
            Workload.Planned("intruder", prompt: prompts.prompt(content), answerLength: 4, start: .afterPieces(24)))
        let timelines = try await run(workload, on: contender, occasion)[0]
        return Turn(
            figures(of: timelines),
            trace: Trace(topic, title, side: 0, timelines: timelines, intruder: timelines.count - 1))
    }

    /// What the timelines say, of which the last is the intruder's.
    func figures(of timelines: [Timeline]) -> [Figure] {
        let parameters = Measurement.Parameters(promptLength: length, streams: streams)
        let (runners, intruder) = (timelines.dropLast(), timelines[timelines.count - 1])
        let usual = DisturbanceRow.usualGap(of: runners, before: intruder.start)
        let longest = intruder.pieces.first.flatMap { first in
            runners.flatMap { $0.gaps(touching: intruder.start...first) }.max()
        }
        return [
            Figure(
                "gap p50, \(StreamRow.count(streams)) alone", parameters, in: .milliseconds, usual.map { 1000 * $0 }),
            Figure("gap max beside \(length) tokens", parameters, in: .milliseconds, longest.map { 1000 * $0 }),
            Figure(
                "first token \(length) beside \(StreamRow.count(streams))", parameters, in: .milliseconds,
                intruder.firstPiece.map { 1000 * $0 }, or: "No text came."),
        ]
    }
}

/// The wait of a small request after a client left in the middle of a long prompt: what nobody waits for is not to be
/// computed to its end.
package struct Departure: Experiment {
    private let length: Int
    private let patience: Duration

    /// A prompt of `length` tokens, whose reader leaves after `patience`.
    package init(length: Int, patience: Duration = .milliseconds(200)) {
        (self.length, self.patience) = (length, patience)
    }

    package var topic: Topic { .cancel }
    package var title: String { "first token after a client left" }
    package var needs: Needs {
        Needs(streams: 2, contextLength: length + 8, promptTokens: length / 4, answerTokens: 2)
    }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        var prompts = occasion.prompts
        let (long, short) = (prompts.next(length), prompts.next(16))
        let workload = Workload([
            Workload.Planned(
                "leaves", prompt: prompts.prompt(long), answerLength: 8, leaving: .after(patience)),
            Workload.Planned("next", prompt: prompts.prompt(short), answerLength: 2, start: .afterAll),
        ])
        return Turn([figure(of: try await run(workload, on: contender, occasion)[0])])
    }

    /// What the timelines of the two say.
    func figure(of timelines: [Timeline]) -> Figure {
        let hasLeft = timelines[0].pieces.isEmpty
        return Figure(
            title, Measurement.Parameters(promptLength: length), in: .milliseconds,
            hasLeft ? timelines[1].firstPiece.map { 1000 * $0 } : nil,
            or: "The prompt was computed before the client could leave; a longer one is needed.")
    }
}

/// Streams beside a reader that pauses: what it does not take must not hold the others up.
package struct SlowReader: Experiment {
    private let streams: Int
    private let pause: Duration

    /// Streams, beside one more that pauses for a while.
    package init(streams: Int = 3, pause: Duration = .seconds(2)) { (self.streams, self.pause) = (streams, pause) }

    package var topic: Topic { .slowReader }
    package var title: String { "\(StreamRow.count(streams)) beside a paused reader" }
    package var needs: Needs {
        Needs(
            streams: streams + 1, contextLength: StreamRow.promptLength + Self.length,
            promptTokens: (streams + 1) * StreamRow.promptLength, answerTokens: (streams + 1) * 160)
    }

    /// More than a reader's buffers hold on any side, so that the pause is felt where the tokens are made.
    private static let slowLength = 160
    private static let length = 640

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        var workload = StreamRow.workload(streams: streams + 1, length: Self.length, occasion.prompts)
        for place in 0..<streams { workload.requests[place].leaving = .withOthers(pieces: 1) }
        workload.requests[streams].label = "slow reader"
        workload.requests[streams].request.maxTokens = Self.slowLength
        workload.requests[streams].pause = Workload.Pause(afterPiece: 24, for: pause)
        let timelines = try await run(workload, on: contender, occasion)[0]
        return Turn(
            figures(of: timelines),
            trace: Trace(topic, title, side: 0, timelines: timelines, slowReader: timelines.count - 1))
    }

    /// What the timelines say, of which the last is the slow reader's; its longest gap is the pause.
    func figures(of timelines: [Timeline]) -> [Figure] {
        let parameters = Measurement.Parameters(streams: streams)
        let (others, pieces) = (timelines.dropLast(), timelines[timelines.count - 1].pieces)
        let span = zip(pieces, pieces.dropFirst()).max { $0.1 - $0.0 < $1.1 - $1.0 }
        let usual = span.flatMap { DisturbanceRow.usualGap(of: others, before: $0.0) }
        let longest = span.flatMap { span in others.flatMap { $0.gaps(touching: span.0...span.1) }.max() }
        return [
            Figure("gap p50 before a reader pauses", parameters, in: .milliseconds, usual.map { 1000 * $0 }),
            Figure("gap max while it pauses", parameters, in: .milliseconds, longest.map { 1000 * $0 }),
        ]
    }
}

/// What disturbances have in common.
enum DisturbanceRow {
    /// The middle gap of streams before something happens, once all have begun.
    static func usualGap(of timelines: some Collection<Timeline>, before time: Double) -> Double? {
        let begin = timelines.compactMap(\.pieces.first).max() ?? 0
        let gaps = timelines.flatMap { timeline in
            zip(timeline.pieces, timeline.pieces.dropFirst()).filter { $0 >= begin && $1 < time }.map { $1 - $0 }
        }
        return Summary(gaps)?.median
    }
}
