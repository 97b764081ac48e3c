import struct Foundation.Date
import FreshetTestSupport

@testable import FreshetBench

/// A report of two sides as a whole run makes it, with numbers that are drawn and not measured.
enum WholeReport {
    static var report: Report {
        var random = SeededGenerator(seed: 11)
        let settings = ["threads": "2", "ctx-size": "8192", "batch-size": "512", "prompts": "token ids"]
        let sides = [
            Side(
                name: "freshet",
                model: Side.Model(
                    name: "qwen2.5-0.5b-q4_k_m", file: "qwen2.5-0.5b-q4_k_m.gguf", parameterCount: 494_032_768,
                    byteCount: 397_807_616),
                settings: settings),
            Side(
                name: "127.0.0.1:8080", address: "http://127.0.0.1:8080/v1",
                model: Side.Model(name: "qwen2.5-0.5b-q4_k_m"), settings: ["prompts": "token ids"]),
        ]
        var report = Report(
            date: Date(timeIntervalSince1970: 1_700_000_000),
            build: Report.Build(version: "0.1.0", commit: String(repeating: "a1", count: 20)),
            machine: Machine(
                processor: "AMD EPYC 9B14 96-Core Processor", processorCount: 2, memory: 24 << 30, load: 0.25),
            sides: sides, rounds: 3)
        report.measurements = rows(&random)
        for side in 0..<2 {
            report.traces.append(trace(side: side, &random))
            if let histogram = histogram(side: side, &random) { report.histograms.append(histogram) }
        }
        var roofline = Roofline(
            threads: 2, measuredReadBandwidth: 2.15e10, weightBytesPerToken: 3.97e8, cacheBytesPerToken: 6.3e6,
            depth: 512, int8Rate: 9.1e11, floatRate: 2.4e11, operationsPerToken: 9.9e8)
        (roofline.decodeShare, roofline.prefillShare) = (0.84, 0.62)
        report.roofline = roofline
        report.omissions = [Report.Omission(.restart, "It loads the model twice.")]
        return report
    }

    private static func rows(_ random: inout SeededGenerator) -> [Measurement] {
        func outcome(_ value: Double) -> Measurement.Outcome {
            Measurement.Outcome((0..<3).map { _ in value * rounded(Double.random(in: 0.95...1.05, using: &random)) })
        }
        var rows = [
            Measurement(
                .prompt, "pp512", Measurement.Parameters(promptLength: 512), in: .tokensPerSecond,
                outcomes: [outcome(570), outcome(565)]),
            Measurement(
                .decode, "tg128", Measurement.Parameters(depth: 0, answerLength: 128), in: .tokensPerSecond,
                outcomes: [outcome(45), outcome(44)]),
        ]
        for (streams, first, second) in [(1, 45.0, 44.0), (2, 80, 71), (4, 130, 104), (8, 171, 139), (16, 190, 151)] {
            rows.append(
                Measurement(
                    .streams, streams == 1 ? "1 stream" : "\(streams) streams",
                    Measurement.Parameters(answerLength: 64, streams: streams), in: .tokensPerSecond,
                    outcomes: [outcome(first), outcome(second)]))
        }
        rows.append(
            Measurement(
                .sampler, "sample", in: .microseconds,
                outcomes: [
                    Measurement.Outcome([4.125, 4.375]),
                    Measurement.Outcome([], remark: "A server's sampler cannot be measured alone."),
                ]))
        return rows
    }

    private static func trace(side: Int, _ random: inout SeededGenerator) -> Trace {
        let (gap, busyGap, prompt) = side == 0 ? (0.031, 0.094, 4.1) : (0.034, 1.05, 3.9)
        let arrival = 1.25
        var timelines = (1...3).map { number in
            var time = 0.08 * Double(number)
            var pieces: [Double] = []
            while pieces.count < 110 {
                pieces.append(rounded(time))
                let isBusy = time > arrival && time < arrival + prompt
                time += (isBusy ? busyGap : gap) * Double.random(in: 0.9...1.1, using: &random)
            }
            return Timeline(label: "stream \(number)", start: 0, pieces: pieces, end: pieces[109])
        }
        let first = arrival + prompt
        timelines.append(
            Timeline(
                label: "intruder", start: arrival, pieces: (0..<4).map { rounded(first + gap * Double($0)) },
                end: rounded(first + gap * 3)))
        return Trace(.intruder, "2,000 tokens arrive beside 3 streams", side: side, timelines: timelines, intruder: 3)
    }

    private static func histogram(side: Int, _ random: inout SeededGenerator) -> Histogram? {
        let gap = side == 0 ? 31.0 : 34
        var gaps = (0..<400).map { _ in
            gap * (1 + Double.random(in: 0...0.2, using: &random) * Double.random(in: 0...1, using: &random))
        }
        gaps += side == 0 ? [52, 66] : [140, 210, 380]
        guard var histogram = Histogram(.gaps, "4 streams", side: side, milliseconds: gaps.map(rounded), bars: 40)
        else {
            return nil
        }
        // Computed edges may differ in their last digit from one C library to the next.
        histogram.edges = histogram.edges.map(rounded)
        return histogram
    }

    private static func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
}
