import BenchmarkTurns
import Foundation
import Freshet
import FreshetBench
import FreshetLlama

/// A model's rate of tokens with a schema and without, in turns.
enum TokenRate {
    private static let tokens = 48
    private static let rounds = 7

    /// Prints the rates' medians and the middle of their ratios.
    static func print(modelPath: String) async throws {
        var options = LlamaOptions(modelPath: modelPath)
        (options.contextLength, options.slotCount) = (512, 1)
        let provider = try await LlamaProvider.load(options)
        // A string as long as the answer, so that both have as many tokens.
        let schema = #"{"type":"object","properties":{"a":{"type":"string","minLength":100000}},"required":["a"]}"#
        var (free, bound) = ([Double](), [Double]())
        for round in -1..<rounds {
            for format in [ResponseFormat.text, .jsonSchema(schema)] {
                var request = GenerationRequest(prompt: .text("Once upon a time"), maxTokens: tokens)
                (request.sampling.seed, request.sampling.ignoresEndOfGeneration) = (UInt64(round + 2), true)
                request.responseFormat = format
                let reply = try await provider.reply(to: request)
                guard round >= 0, let usage = reply.usage, let timings = reply.timings else { continue }
                let rate = Double(usage.completionTokens) / (timings.decode / .seconds(1))
                if format == .text { free.append(rate) } else { bound.append(rate) }
            }
        }
        await provider.shutDown()
        let ratios = zip(bound, free).map { $0 / $1 }.sorted()
        let medians = [free, bound].map { Turns.text(Quantile.value(0.5, of: $0.sorted())) }
        Swift.print("Tokens a second: \(medians[0]) free, \(medians[1]) with a schema; ", terminator: "")
        Swift.print("\(Turns.text(Quantile.value(0.5, of: ratios), digits: 3)) × (", terminator: "")
        Swift.print("\(Turns.text(ratios[0], digits: 3))–\(Turns.text(ratios[ratios.count - 1], digits: 3)))")
    }
}
