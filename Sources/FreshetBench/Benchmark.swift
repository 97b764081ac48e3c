internal import Freshet

/// Measures sides, turn by turn, and fills a report.
package struct Benchmark: Sendable {
    private let contenders: [Contender]
    private let experiments: [any Experiment]
    private let manner: Manner
    private let rounds: Int
    private let clock: LoadClock

    /// A run of experiments.
    ///
    /// - Parameters:
    ///   - contenders: one side, or two that take turns.
    ///   - manner: how they are asked.
    ///   - rounds: how often each row is measured, after a warm-up.
    package init(
        _ contenders: [Contender], experiments: [any Experiment], manner: Manner, rounds: Int,
        clock: LoadClock = .system
    ) {
        self.contenders = contenders
        self.experiments = experiments
        self.manner = manner
        self.rounds = rounds
        self.clock = clock
    }

    /// Measures. What fails is left out, with the reason; when the task is cancelled, what was measured so far is
    /// returned.
    ///
    /// - Parameters:
    ///   - report: what is known before.
    ///   - progress: called before each turn, with what is done in it.
    /// - Returns: the report with what was found.
    package func run(_ report: Report, progress: (String, TimeLeft) -> Void = { _, _ in }) async -> Report {
        var report = report
        let begin = clock.now()
        var left = TimeLeft(of: experiments.flatMap { Array(repeating: $0.needs, count: turnCount(of: $0)) })
        for (number, experiment) in experiments.enumerated() {
            var found = Findings(experiment.topic, sides: sides(of: experiment).count)
            do throws(GenerationError) {
                for round in -1..<rounds {
                    let prompts = Prompts(manner, seed: number * 10_000 + round)
                    // Whatever slows the machine down for a while is to strike the sides alike.
                    for side in round % 2 == 0 ? sides(of: experiment) : sides(of: experiment).reversed() {
                        progress(experiment.title, left)
                        let occasion = Occasion(round: round, prompts: prompts, clock: clock)
                        let turn = try await experiment.turn(on: contenders[side], occasion)
                        if round >= 0 { found.add(turn, side: side) }
                        left.finish(experiment.needs, elapsed: clock.seconds(since: begin))
                    }
                }
            } catch {
                guard !Task.isCancelled else {
                    found.fill(&report)
                    report.isWhole = false
                    return report
                }
                report.omissions.append(
                    Report.Omission(experiment.topic, "\(experiment.title): \(error.message)", isFailure: true))
            }
            found.fill(&report)
        }
        return report
    }

    /// The places of the sides that an experiment measures.
    private func sides(of experiment: any Experiment) -> [Int] {
        Array(contenders.indices.prefix(experiment.needs.isLocal ? 1 : 2))
    }

    private func turnCount(of experiment: any Experiment) -> Int { (rounds + 1) * sides(of: experiment).count }
}

/// What the turns of one experiment have found so far.
private struct Findings {
    private let topic: Topic
    /// One list a side, of one list a turn.
    private var figures: [[[Figure]]]
    private var traces: [Trace?]
    private var gaps: [[Double]]
    private var gapsName = ""

    init(_ topic: Topic, sides: Int) {
        self.topic = topic
        figures = Array(repeating: [], count: sides)
        traces = Array(repeating: nil, count: sides)
        gaps = Array(repeating: [], count: sides)
    }

    /// Adds what one turn found.
    mutating func add(_ turn: Turn, side: Int) {
        figures[side].append(turn.figures)
        if var trace = turn.trace {
            trace.side = side
            traces[side] = trace
        }
        if let (name, milliseconds) = turn.gaps {
            gapsName = name
            gaps[side] += milliseconds
        }
    }

    /// Puts all of it into a report.
    func fill(_ report: inout Report) {
        // A side that was not measured yet has no rows of its own.
        guard let rows = figures.first(where: { !$0.isEmpty })?.first else { return }
        for (place, row) in rows.enumerated() {
            let outcomes = figures.map { turns in
                let column = turns.map { $0[place] }
                return Measurement.Outcome(
                    column.compactMap(\.value), remark: column.lazy.compactMap(\.remark).first)
            }
            report.measurements.append(
                Measurement(topic, row.name, row.parameters, in: row.unit, outcomes: outcomes))
        }
        report.traces += traces.compactMap(\.self)
        report.histograms += gaps.enumerated().compactMap { side, gaps in
            Histogram(topic, gapsName, side: side, milliseconds: gaps)
        }
    }
}
