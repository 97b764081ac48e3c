import BenchmarkTurns
import Foundation
import Freshet
import FreshetBench
import FreshetLlama
import FreshetTestSupport

/// The same answers with speculation and without, in turn, on one engine.
struct SpeculationContest {
    private let engine: InferenceEngine
    private let dictations: [Dictation]
    private let name: String
    private let rounds: Int

    /// What is answered, and what guesses.
    struct Subject {
        var kind: Dictation.Kind
        /// Answers side by side, each with a text of its own.
        var streams: Int
        /// A model that guesses, and how often it is right; `nil` for none.
        var drafter: (model: LlamaModel, rate: Double)?

        var name: String {
            "\(kind.rawValue), \(streams) \(streams == 1 ? "stream" : "streams")"
                + (drafter.map { String(format: ", guessed %.0f %%", $0.rate * 100) } ?? "")
        }
    }

    /// Sets an engine up.
    init(_ model: LlamaModel, _ subject: Subject, rounds: Int) async throws {
        let streams = subject.streams
        var random = SeededGenerator(seed: 1)
        let length = streams == 1 ? 300 : 120
        dictations = (0..<streams).map { number in
            Dictation(subject.kind, count: length, number: 300 + number, using: &random)
        }
        name = subject.name
        self.rounds = rounds
        var options = LlamaOptions(modelPath: model.path)
        options.contextLength = 1024
        var configuration = InferenceEngine.Configuration(model: "dictated")
        (configuration.slotCount, configuration.streamCapacity) = (streams, 1000)
        let texts = dictations.map { $0.prompt + $0.answer }
        if let drafter = subject.drafter {
            let guesses = dictations.map { $0.guessed(rightOf: drafter.rate, using: &random) }
            configuration.draftVocabularySize = model.vocabulary.count
            configuration.makeDraftBackend = { [options] other throws(GenerationError) in
                DictatedBackend(try other.makeBackend(for: drafter.model, options, slots: streams), guesses)
            }
        }
        engine = try await InferenceEngine.start(configuration) { [options] () throws(GenerationError) in
            DictatedBackend(try model.makeBackend(options, slots: streams), texts)
        }
    }

    /// Measures, and says what was found.
    func line() async throws -> String {
        // The first turns teach the engine what batches cost.
        for speculates in [true, false] { _ = try await turn(speculates) }
        var (without, with): ([Double], [Double]) = ([], [])
        var (drafted, accepted) = (0, 0)
        for round in 0..<rounds {
            for speculates in round % 2 == 0 ? [false, true] : [true, false] {
                let result = try await turn(speculates)
                if speculates { with.append(result.speed) } else { without.append(result.speed) }
                drafted += result.drafted
                accepted += result.accepted
            }
        }
        await engine.shutDown()
        let ratios = zip(with, without).map { $0 / $1 }
        guard let ratio = Summary(ratios), let slow = Summary(without), let fast = Summary(with) else { return name }
        let figures = String(
            format: "%9.1f %9.1f   %.2f × (%.2f–%.2f)", slow.median, fast.median, ratio.median, ratio.lowest,
            ratio.highest)
        return name.padding(toLength: 28, withPad: " ", startingAt: 0) + figures
            + "      \(accepted / rounds) of \(drafted / rounds)"
    }

    /// What one turn gave: tokens a second of all streams together, from when each has its first one, and of drafts.
    private struct Result {
        var speed: Double
        var drafted: Int
        var accepted: Int
    }

    private func turn(_ speculates: Bool) async throws -> Result {
        let streams = try dictations.map { dictation in
            var request = GenerationRequest(
                prompt: .tokens(dictation.prompt), maxTokens: dictation.answer.count, reusesPrefix: false,
                speculates: speculates)
            (request.sampling.seed, request.sampling.ignoresEndOfGeneration) = (1, true)
            return try engine.submit(request, tokens: dictation.prompt)
        }
        let clock = ContinuousClock()
        let timelines = try await withThrowingTaskGroup(of: ([ContinuousClock.Instant], Timings?).self) { group in
            for stream in streams {
                group.addTask {
                    var instants: [ContinuousClock.Instant] = []
                    let iterator = stream.makeAsyncIterator()
                    while let chunk = try await iterator.next() { if chunk.text != nil { instants.append(clock.now) } }
                    return (instants, iterator.reply.timings)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        // While prompts are computed nothing is drafted; that is measured elsewhere.
        let begin = timelines.compactMap(\.0.first).max() ?? clock.now
        let later = timelines.flatMap(\.0).filter { $0 > begin }
        let seconds = ((later.max() ?? begin) - begin) / .seconds(1)
        return Result(
            speed: Double(later.count) / seconds, drafted: timelines.reduce(0) { $0 + ($1.1?.draftedTokens ?? 0) },
            accepted: timelines.reduce(0) { $0 + ($1.1?.acceptedTokens ?? 0) })
    }
}
