import Freshet
import FreshetBench

/// A server's resident memory after a prompt of 512 tokens and an answer in each of eight slots.
struct ResidentMemory: Experiment {
    /// The running servers, by their side's name.
    let servers: [String: ServerProcess]

    var topic: Topic { .streams }
    var title: String { "8 slots, resident memory" }
    var needs: Needs { Needs(streams: 8, contextLength: 544, promptTokens: 4096, answerTokens: 256) }

    func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        var prompts = occasion.prompts
        let requests = (1...8).map { number in
            let content = prompts.next(512)
            return Workload.Planned("stream \(number)", prompt: prompts.prompt(content), answerLength: 32)
        }
        _ = try await LoadGenerator(contender.provider, clock: occasion.clock).run(Workload(requests))
        let bytes = servers[contender.side.name].flatMap { $0.residentBytes }
        let parameters = Measurement.Parameters(promptLength: 512, answerLength: 32, streams: 8)
        return Turn([Figure(title, parameters, in: .megabytes, bytes.map { $0 / 1e6 }, or: "The server is gone.")])
    }
}
