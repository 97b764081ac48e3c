import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetBench

/// How sides take turns, and what becomes of their samples.
@Suite(.timeLimit(.minutes(10))) struct BenchmarkTests {
    /// What happened, in its order.
    private final class Log: @unchecked Sendable {
        // Sendable: the entries are read and written under `monitor` only.
        private let monitor = Monitor()
        private var all: [String] = []

        var entries: [String] { monitor.withLock { all } }
        func add(_ entry: String) { monitor.withLock { all.append(entry) } }
    }

    /// An experiment that knows its results.
    private struct Known: Experiment {
        var topic = Topic.decode
        var title = "known"
        var isLocal = false
        var log = Log()
        /// What a turn of a side in a round is worth; an error is thrown.
        var value: @Sendable (String, Int) throws(GenerationError) -> Double?

        var needs: Needs {
            Needs(streams: 1, contextLength: 1, promptTokens: 1, answerTokens: 1, isLocal: isLocal)
        }

        func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
            log.add("\(contender.side.name)\(occasion.round)")
            let value = try value(contender.side.name, occasion.round)
            let trace = Trace(topic, title, side: 0, timelines: [Timeline(label: "\(occasion.round)", start: 0)])
            return Turn(
                [Figure(title, in: .tokensPerSecond, value, or: "It is not known.")], trace: trace,
                gaps: ("gaps", [Double(occasion.round + 1)]))
        }
    }

    private static func contenders(_ names: [String]) -> [Contender] {
        names.map {
            Contender(Side(name: $0, model: Side.Model(name: $0)), provider: ScriptedProvider(answering: ["a"]))
        }
    }

    private static func report(_ names: [String]) -> Report {
        Report(
            date: Date(timeIntervalSince1970: 0), build: Report.Build(version: "0"),
            machine: Machine(processor: "", processorCount: 1, memory: 1), sides: contenders(names).map(\.side),
            rounds: 3)
    }

    private static func run(_ names: [String], _ experiments: [any Experiment]) async -> Report {
        let benchmark = Benchmark(
            contenders(names), experiments: experiments, manner: Manner(.tokens), rounds: 3)
        return await benchmark.run(report(names))
    }

    @Test func sidesTakeTurnsAndTheFirstIsTheWarmUp() async throws {
        let known = Known { name, round in name == "a" ? Double(round * 10) : Double(round + 1) }
        let report = await Self.run(["a", "b"], [known])
        #expect(known.log.entries == ["b-1", "a-1", "a0", "b0", "b1", "a1", "a2", "b2"])
        let row = try #require(report.measurements.first)
        #expect(row.outcomes.map(\.samples) == [[0, 10, 20], [1, 2, 3]])
        #expect(row.ratio?.median == 5 && report.isWhole && report.omissions == [])
        // What is drawn is each side's last turn, and all gaps but the warm-up's are counted.
        #expect(report.traces.map(\.side) == [0, 1] && report.traces.allSatisfy { $0.timelines[0].label == "2" })
        #expect(report.histograms.map(\.side) == [0, 1] && report.histograms.allSatisfy { $0.summary.count == 3 })
    }

    @Test func whatOnlyAModelInThisProcessTellsIsMeasuredThere() async throws {
        let known = Known(isLocal: true) { _, round in Double(round) }
        let report = await Self.run(["a", "b"], [known])
        #expect(known.log.entries == ["a-1", "a0", "a1", "a2"])
        #expect(report.measurements[0].outcomes.count == 1 && report.measurements[0].ratio == nil)
    }

    @Test func aMissingSampleLeavesNoRatio() async throws {
        let report = await Self.run(["a", "b"], [Known { name, round in name == "b" && round == 1 ? nil : 2 }])
        let row = try #require(report.measurements.first)
        #expect(row.outcomes.map(\.samples.count) == [3, 2] && row.ratio == nil)
        #expect(row.outcomes.map(\.remark) == [nil, "It is not known."])
    }

    @Test func whatFailsIsLeftOutAndTheRestGoesOn() async throws {
        let broken = Known(topic: .gaps, title: "broken") { name, round throws(GenerationError) in
            if name == "b", round == 0 { throw GenerationError(.engineFailed, "It is broken.") }
            return 1
        }
        let report = await Self.run(["a", "b"], [broken, Known { _, _ in 1 }])
        #expect(report.omissions == [Report.Omission(.gaps, "broken: It is broken.", isFailure: true)])
        #expect(report.hasFailures)
        // One side had its turn; that is told, and compared with nothing.
        #expect(report.measurements.map(\.topic) == [.gaps, .decode])
        #expect(report.measurements[0].outcomes.map(\.samples) == [[1], []] && report.measurements[0].ratio == nil)
        #expect(report.isWhole)
    }

    @Test func whatWasMeasuredBeforeItWasStoppedIsKept() async throws {
        let reached = Log()
        let stopping = Known { _, round throws(GenerationError) in
            guard round == 1 else { return 7 }
            reached.add("")
            while !Task.isCancelled { usleep(1000) }
            throw GenerationError(.cancelled, "It was stopped.")
        }
        let benchmark = Benchmark(
            Self.contenders(["a"]), experiments: [stopping, Known { _, _ in 1 }], manner: Manner(.tokens), rounds: 3)
        let running = Task { await benchmark.run(Self.report(["a"])) }
        while reached.entries.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        running.cancel()
        let report = await running.value
        #expect(!report.isWhole && report.measurements.map { $0.outcomes[0].samples } == [[7]])
        #expect(report.omissions == [] && !report.hasFailures)
    }

    /// The work of a turn is what it takes, so a run of one long turn and one short is not half done after the short
    /// one.
    @Test func theTimeThatIsLeftFollowsFromTheWork() {
        let short = Needs(streams: 1, contextLength: 0, promptTokens: 20, answerTokens: 10)
        let long = Needs(streams: 4, contextLength: 0, promptTokens: 100, answerTokens: 50)
        var left = TimeLeft(of: [short, long])
        #expect(left.fraction == 0 && left.seconds == nil)
        left.finish(short, elapsed: 2)
        #expect(left.fraction == 0.25 && left.seconds == 6)
        left.finish(long, elapsed: 9)
        #expect(left.fraction == 1 && left.seconds == 0)
    }
}
