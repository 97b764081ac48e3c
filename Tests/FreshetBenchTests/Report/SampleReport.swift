import Foundation

@testable import FreshetBench

/// A small report with something in every place, for the formats to write.
enum SampleReport {
    /// Two sides, of which the second lacks a row.
    static var report: Report {
        let sides = [
            Side(
                name: "freshet",
                model: Side.Model(
                    name: "tiny", file: "tiny.gguf", parameterCount: 1_234_567, byteCount: 2_345_678),
                settings: ["threads": "2", "ctx-size": "2048"]),
            Side(name: "127.0.0.1:8080", address: "http://127.0.0.1:8080/v1", model: Side.Model(name: "model")),
        ]
        var report = Report(
            date: Date(timeIntervalSince1970: 1_700_000_000),
            build: Report.Build(version: "0.1.0", commit: String(repeating: "a1", count: 20)),
            machine: Machine(
                processor: "A “fast”, 2-core processor", processorCount: 2, memory: 8 << 30, load: 0.25),
            sides: sides, rounds: 2)
        report.measurements = [
            Measurement(
                .prompt, "pp512", Measurement.Parameters(promptLength: 512), in: .tokensPerSecond,
                outcomes: [Measurement.Outcome([400, 500]), Measurement.Outcome([200, 200])]),
            Measurement(
                .decode, "tg128 @ d1024", Measurement.Parameters(depth: 1024, answerLength: 128), in: .tokensPerSecond,
                outcomes: [
                    Measurement.Outcome([40.25, 41.75]),
                    Measurement.Outcome([], remark: "The server does not say how many tokens it made."),
                ]),
            Measurement(
                .gaps, "gap max", Measurement.Parameters(streams: 4), in: .milliseconds,
                outcomes: [Measurement.Outcome([31.5, 33]), Measurement.Outcome([63, 66])]),
            Measurement(
                .sampler, "sample", in: .microseconds, outcomes: [Measurement.Outcome([4.125, 4.375])]),
        ]
        report.traces = [
            Trace(
                .intruder, "2,000 tokens arrive beside 1 stream", side: 0,
                timelines: [
                    Timeline(label: "stream 1", start: 0, pieces: [0.125, 0.25, 0.5], end: 0.75),
                    Timeline(label: "intruder", start: 0.25, pieces: [0.5], end: 0.75),
                ], intruder: 1)
        ]
        if var histogram = Histogram(.gaps, "4 streams", side: 0, milliseconds: [30, 31, 33], bars: 2) {
            // Computed edges may differ in their last digit from one C library to the next.
            histogram.edges = [28.5, 31.5, 34.75]
            report.histograms = [histogram]
        }
        var roofline = Roofline(
            threads: 2, measuredReadBandwidth: 2e10, weightBytesPerToken: 3e8, cacheBytesPerToken: 1e8, depth: 512,
            int8Rate: 5e11, floatRate: 1e11, operationsPerToken: 1e9)
        (roofline.decodeShare, roofline.prefillShare) = (0.84, 0.5)
        report.roofline = roofline
        report.omissions = [Report.Omission(.restart, "It loads the model twice.")]
        report.isWhole = false
        return report
    }
}
