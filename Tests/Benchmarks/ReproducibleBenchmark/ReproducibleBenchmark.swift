import BenchmarkTurns
import Foundation
import Freshet
import FreshetBench
import FreshetLlama
import FreshetTestSupport
import Synchronization

/// Prints what a reproducible answer costs, beside the same request without that, in turn on one engine.
///
/// Both compute their whole prompt. Beside others means beside streams that never end, whose speed is told too.
///
///     scripts/bench reproducible [MODEL.gguf [ROUNDS]]
@main
enum ReproducibleBenchmark {
    /// Tokens of the prompt and of the answer.
    private static let (promptLength, answerLength) = (256, 48)

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let path = if let path = arguments.first { path } else { try await SyntheticFile.large() }
        let rounds = arguments.dropFirst().first.flatMap { Int($0) } ?? 5
        var options = LlamaOptions(modelPath: path)
        (options.contextLength, options.slotCount) = (1024, 4)
        let provider = try await LlamaProvider.load(options)
        print(
            "\(provider.model), a prompt of \(promptLength) tokens and \(answerLength) more, \(rounds) rounds; medians")
        print("beside     way             first token   tokens a second   the others' together")
        for neighbourCount in [0, 3] {
            let neighbours = try await Neighbours(neighbourCount, of: provider)
            var turns: [Bool: [Turn]] = [:]
            // The first turn of each warms up: the reproducible one's context is made with it.
            for round in 0...rounds {
                for isReproducible in round.isMultiple(of: 2) ? [false, true] : [true, false] {
                    let turn = try await turn(isReproducible, on: provider, beside: neighbours)
                    if round > 0 { turns[isReproducible, default: []].append(turn) }
                }
            }
            await neighbours.stop()
            for isReproducible in [false, true] {
                print(line(turns[isReproducible] ?? [], isReproducible, neighbourCount))
            }
        }
        await provider.shutDown()
    }

    /// What one answer took.
    private struct Turn {
        var firstToken: Double
        var speed: Double
        var othersSpeed: Double
    }

    private static func turn(
        _ isReproducible: Bool, on provider: LlamaProvider, beside neighbours: Neighbours
    ) async throws -> Turn {
        var request = request(provider, maxTokens: answerLength, seed: 1)
        request.isReproducible = isReproducible
        let (start, before) = (ContinuousClock.now, neighbours.tokens)
        let reply = try await provider.reply(to: request)
        let seconds = (.now - start) / .seconds(1)
        guard let timings = reply.timings, let firstToken = timings.firstToken else {
            preconditionFailure("no timings")
        }
        return Turn(
            firstToken: firstToken / .milliseconds(1), speed: Double(answerLength) / (timings.decode / .seconds(1)),
            othersSpeed: Double(neighbours.tokens - before) / seconds)
    }

    /// A request for an answer of so many tokens; `nil` never ends.
    fileprivate static func request(_ provider: LlamaProvider, maxTokens: Int?, seed: UInt64) -> GenerationRequest {
        var random = SeededGenerator(seed: seed)
        let tokens = (0..<promptLength).map { _ in Token.random(in: 300..<2000, using: &random) }
        var request = GenerationRequest(
            prompt: .tokens(tokens), maxTokens: maxTokens, shiftsContext: true, reusesPrefix: false)
        request.sampling.seed = seed
        request.sampling.ignoresEndOfGeneration = true
        return request
    }

    private static func line(_ turns: [Turn], _ isReproducible: Bool, _ neighbourCount: Int) -> String {
        func median(_ value: (Turn) -> Double) -> Double { Summary(turns.map(value))?.median ?? 0 }
        return Turns.row([
            (neighbourCount == 0 ? "nobody" : "\(neighbourCount) others", 11),
            (isReproducible ? "reproducible" : "usual", 16),
            (Turns.text(median(\.firstToken), digits: 0) + " ms", 14), (Turns.text(median(\.speed)), 18),
            (neighbourCount == 0 ? "" : Turns.text(median(\.othersSpeed)), 0),
        ])
    }
}

/// Streams that go on until they are stopped.
private final class Neighbours: Sendable {
    private let count = Atomic(0)
    private let streams: [ChunkStream]
    private let tasks: Mutex<[Task<Void, Never>]>

    /// Starts so many, and waits until each has its first token.
    init(_ number: Int, of provider: LlamaProvider) async throws {
        var streams: [ChunkStream] = []
        for place in 0..<number {
            let request = ReproducibleBenchmark.request(provider, maxTokens: nil, seed: 100 + UInt64(place))
            streams.append(try await provider.stream(request))
        }
        self.streams = streams
        tasks = Mutex([])
        for stream in streams {
            let task = Task {
                let chunks = stream.makeAsyncIterator()
                while let chunk = try? await chunks.next() {
                    if case .text = chunk.content { count.add(1, ordering: .relaxed) }
                }
            }
            tasks.withLock { $0.append(task) }
        }
        while tokens < 4 * number { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// The pieces of text that have come, of nearly all tokens one each.
    var tokens: Int { count.load(ordering: .relaxed) }

    /// Ends them.
    func stop() async {
        for stream in streams { stream.cancel() }
        for task in tasks.withLock({ $0 }) { await task.value }
    }
}
