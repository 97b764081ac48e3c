import Foundation
import Freshet
import FreshetBench
import FreshetLlama
import FreshetTestSupport

/// Prints how much faster answers come with speculation than without, on a real model and one engine, turn by turn.
///
/// A synthetic model copies nothing, so that its answers are dictated: of the logits that the model computes, the one of
/// the next token is raised before the sampler draws. Everything is computed as it is for any other answer, drafts that
/// turn out to be wrong included; what is not measured is how often a real model copies. See ``Dictation`` for the texts.
///
///     scripts/bench speculation [MODEL.gguf [ROUNDS]]
@main
enum SpeculationBenchmark {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let path = if let path = arguments.first { path } else { try await SyntheticFile.path() }
        let model = try LlamaModel(path: path)
        let rounds = arguments.dropFirst().first.flatMap { Int($0) } ?? 5
        print("\(model.name), \(rounds) rounds; tokens a second without speculation and with it, medians")
        print("work                          without      with   ratio (lowest–highest)   right of drafted")
        for (kind, streams) in [(Dictation.Kind.edit, 1), (.fresh, 1), (.edit, 4), (.fresh, 4), (.edit, 16)] {
            let contest = try await SpeculationContest(model, kind, streams: streams, rounds: rounds)
            print(try await contest.line())
            fflush(nil)
        }
    }
}
