import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetBench

/// What the machine allows, beside what a report's rows reached.
struct RooflineTests {
    private static let roofline = Roofline(
        threads: 2, measuredReadBandwidth: 20e9, weightBytesPerToken: 300e6, cacheBytesPerToken: 100e6, depth: 64,
        int8Rate: 500e9, floatRate: 100e9, operationsPerToken: 1e9)

    private static func report(_ rows: [(Topic, Int?, Int?, Int?, Double)]) -> Report {
        var report = Report(
            date: Date(timeIntervalSince1970: 0), build: .init(version: "0"),
            machine: Machine(processor: "a", processorCount: 2, memory: 1), sides: [], rounds: 1)
        report.measurements = rows.map { topic, prompt, depth, answer, speed in
            Measurement(
                topic, "row", .init(promptLength: prompt, depth: depth, answerLength: answer), in: .tokensPerSecond,
                outcomes: [.init([speed])])
        }
        return report
    }

    private static func instruments(
        _ measure: @escaping @Sendable (Int) throws(GenerationError) -> Roofline
    ) -> Instruments {
        Instruments(
            bareLoop: { _, _ in .init(total: .zero, sampling: .zero) },
            measureRoofline: { depth throws(GenerationError) in try measure(depth) }, makeSampling: { { _ in } },
            makeEncoding: { { _ in } })
    }

    @Test func limitsFollowFromWhatWasMeasured() {
        #expect(Self.roofline.decodeLimit == 50 && Self.roofline.prefillLimit == 500)
        let floats = Roofline(
            threads: 1, measuredReadBandwidth: 1, weightBytesPerToken: 1, cacheBytesPerToken: 0, depth: 0,
            int8Rate: nil, floatRate: 100, operationsPerToken: 10)
        #expect(floats.prefillLimit == 10)
        // A model without layers has no matrices that a prompt needs, and no limit that follows from them.
        let empty = Roofline(
            threads: 1, measuredReadBandwidth: 1, weightBytesPerToken: 0, cacheBytesPerToken: 0, depth: 0,
            int8Rate: nil, floatRate: 100, operationsPerToken: 0)
        #expect(empty.prefillLimit == nil && empty.decodeLimit == nil)
        #expect(empty.sharing([]).decodeShare == nil)
    }

    @Test func sharesAreThoseOfTheRowsThatTheLimitsAreFor() async {
        let report = Self.report([
            (.prompt, 128, 0, nil, 1), (.prompt, 512, 0, nil, 250), (.prompt, 512, 1024, nil, 2),
            (.decode, nil, 1024, 128, 3), (.decode, nil, 0, 128, 40), (.streams, 64, 0, 64, 90),
        ])
        // While 128 tokens come, 64 are in memory in the mean.
        let whole = await report.withRoofline(
            by: Self.instruments { depth throws(GenerationError) in
                #expect(depth == 64)
                return Self.roofline
            })
        #expect(whole.roofline?.decodeShare == 0.8 && whole.roofline?.prefillShare == 0.5)
        #expect(whole.measurements == report.measurements)
    }

    @Test func nothingIsMeasuredWhereItSaysNothing() async {
        let instruments = Self.instruments { _ throws(GenerationError) in Self.roofline }
        #expect(await Self.report([(.streams, 64, 0, 64, 90)]).withRoofline(by: instruments).roofline == nil)
        let report = Self.report([(.decode, nil, 0, 128, 40)])
        #expect(await report.withRoofline(by: nil) == report)
        #expect(await report.withRoofline(by: instruments).roofline?.prefillShare == nil)
        var broken = report
        broken.isWhole = false
        #expect(await broken.withRoofline(by: instruments) == broken)
        let failing = await report.withRoofline(
            by: Self.instruments { _ throws(GenerationError) in throw GenerationError(.outOfMemory, "No memory.") })
        #expect(failing.roofline == nil && failing.omissions.map(\.reason) == ["what the machine allows: No memory."])
        #expect(failing.hasFailures)
        let stopped = await report.withRoofline(
            by: Self.instruments { _ throws(GenerationError) in throw GenerationError(.cancelled, "Stopped.") })
        #expect(!stopped.isWhole && stopped.omissions == [] && stopped.measurements == report.measurements)
    }
}
