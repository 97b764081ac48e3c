import BenchmarkTurns
import CSamplerOracle
import Foundation
import Freshet
import FreshetLlama

/// Prints what a grammar adds to one token's sampling, beside llama.cpp's way of masking every token first, on the same
/// logits, at the same place in the same grammar, with a vocabulary of 128,256 tokens: at single places, where the first
/// time is with a matcher and a sampler that are new, and contains their making; and over whole answers.
///
/// It makes that vocabulary itself. Then it prints a model's rate of tokens with forms beside its rate without. The words
/// `places`, `answers` and `rate` choose what is printed.
///
///     scripts/bench grammar [places] [answers] [rate] [MODEL.gguf [ROUNDS]]
@main
enum GrammarBenchmark {
    static func main() async throws {
        var words = Array(CommandLine.arguments.dropFirst())
        let parts = words.filter(["places", "answers", "rate"].contains)
        words.removeAll(where: parts.contains)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)").path
        defer { unlink(path) }
        try await writeVocabulary(to: path)
        var options = LlamaModel.LoadOptions()
        options.isVocabularyOnly = true
        let vocabulary = try LlamaModel(path: path, options: options).vocabulary
        if parts.isEmpty || parts.contains("places") { try await printPlaces(vocabulary, path) }
        if parts.isEmpty || parts.contains("answers") {
            print("Microseconds of one token, chosen and taken, in whole answers: medians (the middle half).")
            print(AnswerCost.header)
            for form in ConstrainedForm.allCases {
                for picker in Picker.allCases {
                    print(try await AnswerCost(form, picker, vocabulary).line(modelPath: path))
                    fflush(nil)
                }
            }
        }
        if parts.isEmpty || parts.contains("rate") {
            let model = if let path = words.first { path } else { try await SyntheticFile.small() }
            try await TokenRate.print(modelPath: model, rounds: words.dropFirst().first.flatMap { Int($0) } ?? 5)
        }
    }

    private static func printPlaces(_ vocabulary: Vocabulary, _ path: String) async throws {
        let clock = ContinuousClock()
        for attempt in ["the first grammar", "another"] {
            let time = try clock.measure {
                if let grammar = try ResponseFormat.jsonSchema(SchemaPlace.schema).grammar() {
                    _ = try vocabulary.constraint(grammar)
                }
            }
            print("Reading \(attempt) takes \(Turns.text(time / .milliseconds(1))) ms.")
        }
        print("Time of one token in microseconds: the median of \(Turns.count) turns (the middle half of them).")
        print(
            row(
                "at this place in a schema's answer", "free", "Freshet", "the first time", "llama.cpp, masks", "to free"
            ))
        for place in SchemaPlace.allCases { try await measure(place, vocabulary, path) }
    }

    private static func measure(_ place: SchemaPlace, _ vocabulary: Vocabulary, _ path: String) async throws {
        let sets = place.logits(vocabulary)
        var options = SamplingOptions()
        options.seed = 1
        let free = Sampler(options: options, vocabulary: vocabulary, contextLength: 4096)
        let bound = Sampler(options: options, vocabulary: vocabulary, contextLength: 4096)
        guard let grammar = try ResponseFormat.jsonSchema(SchemaPlace.schema).grammar() else { return }
        let constraint = try vocabulary.constraint(grammar)
        let before = try vocabulary.tokenize(place.text, addingSpecial: false, parsingSpecial: false)
        bound.follow(GrammarMatcher(constraint))
        guard let oracle = freshet_oracle_new(Int32(vocabulary.count), path) else { preconditionFailure("no memory") }
        defer { freshet_oracle_free(oracle) }
        guard freshet_oracle_add_grammar(oracle, grammar.text), freshet_oracle_add_top_k(oracle, 40),
            freshet_oracle_add_top_p(oracle, 0.95, 0), freshet_oracle_add_min_p(oracle, 0.05, 0),
            freshet_oracle_add_temperature(oracle, 0.8, 0, 1), freshet_oracle_add_draw(oracle, 1)
        else { preconditionFailure("llama.cpp refuses a stage") }
        for token in before {
            bound.accept(token)
            freshet_oracle_accept(oracle, token)
        }
        let results = await Turns.measure([
            { sample(sets, free.sample) }, { sample(sets, bound.sample) },
            {
                let matcher = GrammarMatcher(constraint)
                for token in before { matcher.accept(token) }
                let fresh = Sampler(options: options, vocabulary: vocabulary, contextLength: 4096)
                fresh.follow(matcher)
                return sample(Array(sets.prefix(1)), fresh.sample)
            },
            { sample(Array(sets.prefix(1))) { $0.baseAddress.map { freshet_oracle_sample(oracle, $0) } } },
        ])
        print(
            row(
                place.rawValue, results[0].summary(), results[1].summary(), results[2].summary(digits: 0),
                results[3].summary(digits: 0), "\(Turns.text(results[1].median / results[0].median, digits: 2)) ×"))
    }

    private static func sample(_ sets: [[Float]], _ sample: (UnsafeBufferPointer<Float>) -> Token?) -> Int {
        for logits in sets { use(logits.withUnsafeBufferPointer(sample)) }
        return sets.count
    }

    /// A file of a model that is hardly more than its vocabulary.
    private static func writeVocabulary(to path: String) async throws {
        guard var shape = SyntheticShape.named("tiny-llama") else { return }
        shape.vocabularySize = 128_256
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw GenerationError(.engineFailed, "\(path) cannot be written.") }
        defer { close(descriptor) }
        try await SyntheticModel(shape: shape, quantization: .q4_0, seed: 0).write(to: descriptor)
    }

    private static func row(
        _ place: String, _ free: String, _ ours: String, _ first: String, _ theirs: String, _ ratio: String
    ) -> String {
        Turns.row([(place, 38), (free, 20), (ours, 24), (first, 22), (theirs, 24), (ratio, 0)])
    }
}
