import BenchmarkTurns
import Foundation
import Freshet
import FreshetBench
import FreshetLlama

/// A model's rate of tokens in answers of several forms beside its rate without one, in turns on one engine, and beside
/// llama.cpp's way of masking every token first in the same engine.
///
/// A model with random weights knows nothing of any form, and picks what is refused at nearly every place where few tokens
/// may come. What a model does that knows its form is dictated: see ``DictatedBackend``.
struct TokenRate {
    private let vocabulary: Vocabulary
    private let engine: InferenceEngine
    private let scripts: [Token: [Token]]

    private let rounds: Int
    /// Masking first takes so much longer that fewer rounds tell enough.
    private static let maskedRounds = 1
    /// Shorter answers are left out.
    private static let fewest = 8
    /// Tokens of a prompt after its first one, which tells how it is answered.
    private static let prompt = (0..<7).map { Token(1000 + $0) }

    /// How an answer is held to its form.
    private enum Way: CaseIterable {
        case free
        case held
        /// Its schema or regular expression is read while the answer is awaited.
        case heldAndRead
        case masked
    }

    /// Prints a row for each form and each way to pick tokens.
    static func print(modelPath: String, rounds: Int) async throws {
        let model = try LlamaModel(path: modelPath)
        Swift.print("\(model.name), \(model.vocabulary.count) tokens: tokens a second, medians of \(rounds) rounds.")
        Swift.print(
            row(
                "answer, and what the model picks", "free", "Freshet", "to free (lowest–highest)",
                "whole, with its reading", "llama.cpp, masks"))
        let rate = try await TokenRate(model, rounds: rounds)
        for form in ConstrainedForm.allCases {
            for picker in Picker.allCases {
                Swift.print(try await rate.line(form, picker))
                fflush(nil)
            }
        }
        await rate.engine.shutDown()
    }

    private init(_ model: LlamaModel, rounds: Int) async throws {
        self.rounds = rounds
        vocabulary = model.vocabulary
        var (scripts, slips, grammars) = ([Token: [Token]](), [Token: [Int: Token]](), [Token: String]())
        for form in ConstrainedForm.allCases {
            let script = try form.script(vocabulary)
            for picker in Picker.allCases {
                for way in Way.allCases {
                    let first = Self.first(form, picker, way)
                    if way == .masked { grammars[first] = try form.format.grammar()?.text }
                    guard picker == .agreeing else { continue }
                    scripts[first] = [first] + Self.prompt + script.tokens
                    slips[first] = Dictionary(
                        uniqueKeysWithValues: script.slips.map { ($0.key + Self.prompt.count + 1, $0.value) })
                }
            }
        }
        self.scripts = scripts
        var options = LlamaOptions(modelPath: model.path)
        (options.contextLength, options.slotCount) = (512, 1)
        var configuration = InferenceEngine.Configuration(model: "constrained")
        (configuration.slotCount, configuration.streamCapacity) = (1, 1000)
        engine = try await InferenceEngine.start(configuration) {
            [options, dictations = Array(scripts.values), slips, grammars] () throws(GenerationError) in
            MaskingBackend(
                DictatedBackend(try model.makeBackend(options, slots: 1), dictations, slips: slips),
                modelPath: model.path, vocabularySize: model.vocabulary.count, promptLength: Self.prompt.count + 1,
                grammars: grammars)
        }
    }

    /// The first token of a prompt that is answered so.
    private static func first(_ form: ConstrainedForm, _ picker: Picker, _ way: Way) -> Token {
        let places = [
            ConstrainedForm.allCases.firstIndex(of: form), Picker.allCases.firstIndex(of: picker),
            Way.allCases.firstIndex(of: way),
        ]
        return 300 + places.reduce(0) { $0 * 10 + Token($1 ?? 0) }
    }

    private func line(_ form: ConstrainedForm, _ picker: Picker) async throws -> String {
        let constraint = try form.constraint(vocabulary)
        var rates: [Way: [Double]] = [:]
        var whole: [Way: [Double]] = [:]
        var length = ConstrainedForm.limit
        for round in 0...rounds {
            // Two rounds go the same way, so that the second knows how long the answer is that has a form: another, that is
            // free, gets as many tokens.
            for way in round.isMultiple(of: 2) ? Way.allCases.reversed() : Way.allCases {
                guard way != .masked || round <= Self.maskedRounds else { continue }
                let result = try await answer(
                    form, picker, way, seed: UInt64(round / 2), limit: way == .free ? length : nil, constraint)
                if way == .held { length = result.count }
                // The first round finds cold memory, and a few tokens tell little.
                guard round > 0, result.count >= Self.fewest else { continue }
                rates[way, default: []].append(result.rate)
                whole[way, default: []].append(result.whole)
            }
        }
        let (free, held, masked) = (rates[.free] ?? [], rates[.held] ?? [], rates[.masked] ?? [])
        return Self.row(
            "\(form.rawValue), \(picker.rawValue)", Self.median(free), Self.median(held), Self.ratio(held, free),
            Self.ratio(whole[.heldAndRead] ?? [], whole[.free] ?? []), Self.ratio(masked, free))
    }

    /// Tokens a second after the first one, and in the whole time from the request to the end.
    private func answer(
        _ form: ConstrainedForm, _ picker: Picker, _ way: Way, seed: UInt64, limit: Int?, _ constraint: Constraint
    ) async throws -> (rate: Double, whole: Double, count: Int) {
        let first = Self.first(form, picker, way)
        let tokens = [first] + Self.prompt
        let most = scripts[first].map { $0.count - tokens.count } ?? ConstrainedForm.limit
        var request = GenerationRequest(
            prompt: .tokens(tokens), maxTokens: min(most, limit ?? most), reusesPrefix: false)
        request.sampling.seed = seed
        request.sampling.ignoresEndOfGeneration = way == .free
        let start = ContinuousClock.now
        let held =
            switch way {
            case .free, .masked: nil as Constraint?
            case .held: constraint
            case .heldAndRead: try form.constraint(vocabulary)
            }
        let stream = try engine.submit(request, tokens: tokens, constraint: held)
        let iterator = stream.makeAsyncIterator()
        while try await iterator.next() != nil {}
        let seconds = (.now - start) / .seconds(1)
        guard let usage = iterator.reply.usage, let timings = iterator.reply.timings else {
            preconditionFailure("an answer has its timings")
        }
        let count = Double(usage.completionTokens)
        return ((count - 1) / (timings.decode / .seconds(1)), count / seconds, usage.completionTokens)
    }

    private static func median(_ rates: [Double]) -> String { Turns.text(Summary(rates)?.median ?? 0) }

    private static func ratio(_ some: [Double], _ others: [Double]) -> String {
        guard let summary = Summary(zip(some, others).map { $0 / $1 }) else { return "" }
        let figures = [summary.median, summary.lowest, summary.highest].map { Turns.text($0, digits: 3) }
        return "\(figures[0]) (\(figures[1])–\(figures[2]))"
    }

    private static func row(
        _ name: String, _ free: String, _ held: String, _ ratio: String, _ whole: String, _ masked: String
    ) -> String {
        Turns.row([(name, 34), (free, 9), (held, 9), (ratio, 26), (whole, 26), (masked, 0)])
    }
}
