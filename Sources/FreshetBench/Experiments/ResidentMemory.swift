internal import Foundation
package import Freshet

/// The memory of the process that answers, after as many streams as it has slots had a long prompt and an answer each.
package struct ResidentMemory: Experiment {
    private let streams: Int
    private let promptLength = 512
    private let answerLength = 32

    /// Streams side by side.
    package init(streams: Int) { self.streams = streams }

    package var topic: Topic { .memory }
    package var title: String { "resident memory, \(StreamRow.count(streams))" }
    package var needs: Needs {
        Needs(
            streams: streams, contextLength: promptLength + answerLength, promptTokens: streams * promptLength,
            answerTokens: streams * answerLength)
    }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        var prompts = occasion.prompts
        let requests = (1...streams).map { number in
            let content = prompts.next(promptLength)
            return Workload.Planned("stream \(number)", prompt: prompts.prompt(content), answerLength: answerLength)
        }
        _ = try await run(Workload(requests), on: contender, occasion)
        let parameters = Measurement.Parameters(
            promptLength: promptLength, answerLength: answerLength, streams: streams)
        let bytes = contender.processIdentifier.flatMap(Self.bytes)
        return Turn([
            Figure(
                title, parameters, in: .megabytes, bytes.map { Double($0) / 1e6 },
                or: "A server does not say how much memory it takes.")
        ])
    }

    /// The bytes of a process that are in the machine's memory, after `/proc`; `nil` when it has ended.
    package static func bytes(ofProcess identifier: Int32) -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8) else {
            return nil
        }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        let number = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
        return number.flatMap { Int($0) }.map { $0 * 1024 }
    }
}
