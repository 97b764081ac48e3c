import BenchmarkTurns
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
/// To a second model, with a tenth of the weights, the same answers are dictated with some of their tokens wrong: it guesses
/// for the first one, right as often as is said. It is as sure of all its guesses, which a real one is not.
///
///     scripts/bench speculation [MODEL.gguf [ROUNDS [WORD IN A ROW'S NAME]]]
@main
enum SpeculationBenchmark {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let path = if let path = arguments.first { path } else { try await SyntheticFile.large() }
        let model = try LlamaModel(path: path)
        let drafter = try LlamaModel(path: try await SyntheticFile.small())
        let rounds = arguments.dropFirst().first.flatMap { Int($0) } ?? 5
        print("\(model.name), \(rounds) rounds; tokens a second without speculation and with it, medians")
        print("work                          without      with   ratio (lowest–highest)   right of drafted")
        let word = arguments.dropFirst(2).first ?? ""
        for (kind, streams) in [(Dictation.Kind.edit, 1), (.fresh, 1), (.edit, 4), (.fresh, 4), (.edit, 16)] {
            try await measure(model, kind, streams: streams, rounds: rounds, drafter: nil, if: word)
        }
        // The small one's vocabulary is not every model's.
        guard model.vocabulary.count == drafter.vocabulary.count else { return }
        for (streams, rate) in [(1, 0.9), (1, 0.7), (1, 0.3), (4, 0.7)] {
            try await measure(model, .fresh, streams: streams, rounds: rounds, drafter: (drafter, rate), if: word)
        }
    }

    /// Prints a row whose name has a word in it.
    private static func measure(
        _ model: LlamaModel, _ kind: Dictation.Kind, streams: Int, rounds: Int,
        drafter: (model: LlamaModel, rate: Double)?, if word: String
    ) async throws {
        let contest = SpeculationContest.Subject(kind: kind, streams: streams, drafter: drafter)
        guard word.isEmpty || contest.name.contains(word) else { return }
        print(try await SpeculationContest(model, contest, rounds: rounds).line())
        fflush(nil)
    }
}
