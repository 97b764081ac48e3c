import BenchmarkTurns
import CSamplerOracle
import Freshet
import FreshetLlama

/// What choosing and taking one token costs, over whole answers: without a form, held to one, and by llama.cpp's way of
/// masking every token first. All go the same way through the answer, on the same logits.
struct AnswerCost {
    private let vocabulary: Vocabulary
    private let form: ConstrainedForm
    private let picker: Picker
    /// The answer.
    private var tokens: [Token] = []
    /// At each place: whose logit is raised, and by how much.
    private var raised: [[(token: Token, by: Float)]] = []
    /// At how many places the token that is chosen without a form is refused.
    private var refused = 0
    private var rows = Rows([])

    private static let turns = 5
    private static let options: SamplingOptions = {
        var options = SamplingOptions()
        options.seed = 1
        return options
    }()

    /// Finds the answer.
    init(_ form: ConstrainedForm, _ picker: Picker, _ vocabulary: Vocabulary) throws {
        (self.vocabulary, self.form, self.picker) = (vocabulary, form, picker)
        rows = Rows((0..<8).map { SyntheticLogits.make(count: vocabulary.count, seed: UInt64($0)) })
        let matcher = GrammarMatcher(try form.constraint(vocabulary))
        let (bound, free) = (sampler, sampler)
        bound.follow(matcher)
        if picker == .agreeing {
            let script = try form.script(vocabulary)
            tokens = script.tokens
            raised = tokens.enumerated().map { place, token in
                var raised: [(token: Token, by: Float)] = [(token, 50)]
                if let slip = script.slips[place] { raised.append((slip, 100)) }
                return raised
            }
        }
        let count = picker == .agreeing ? tokens.count : ConstrainedForm.limit
        for place in 0..<count where !matcher.isComplete {
            let raised = picker == .agreeing ? raised[place] : []
            if let token = rows.with(raised, at: place, free.sample), !matcher.allows(token) { refused += 1 }
            guard let token = rows.with(raised, at: place, bound.sample), !vocabulary.isEndOfGeneration(token)
            else { break }
            if picker == .random {
                tokens.append(token)
                self.raised.append([])
            }
            bound.accept(tokens[place])
        }
    }

    private var sampler: Sampler { Sampler(options: Self.options, vocabulary: vocabulary, contextLength: 4096) }

    /// Measures, and says what was found.
    func line(modelPath: String) async throws -> String {
        let (constraint, format) = (try form.constraint(vocabulary), form.format)
        guard let text = try format.grammar()?.text,
            let oracle = freshet_oracle_new(Int32(vocabulary.count), modelPath)
        else { preconditionFailure("no memory") }
        defer { freshet_oracle_free(oracle) }
        guard freshet_oracle_add_grammar(oracle, text), freshet_oracle_add_top_k(oracle, 40),
            freshet_oracle_add_top_p(oracle, 0.95, 0), freshet_oracle_add_min_p(oracle, 0.05, 0),
            freshet_oracle_add_temperature(oracle, 0.8, 0, 1), freshet_oracle_add_draw(oracle, 1)
        else { preconditionFailure("llama.cpp refuses a stage") }
        let (free, warm, cold) = (sampler, sampler, sampler)
        let results = await Turns.measure(
            turns: Self.turns,
            [
                { answer(free.sample, free.accept) },
                {
                    warm.follow(GrammarMatcher(constraint))
                    return answer(warm.sample, warm.accept)
                },
                {
                    if let constraint = try? form.constraint(vocabulary) { cold.follow(GrammarMatcher(constraint)) }
                    return answer(cold.sample, cold.accept)
                },
                {
                    freshet_oracle_reset(oracle)
                    return answer { logits in
                        logits.baseAddress.map { freshet_oracle_sample(oracle, $0) }
                    } _: {
                        freshet_oracle_accept(oracle, $0)
                    }
                },
            ])
        return Self.row(
            "\(form.rawValue), \(picker.rawValue)", "\(refused) of \(tokens.count)", results[0].summary(),
            results[1].summary(), results[2].summary(), results[3].summary(digits: 0))
    }

    private func answer(
        _ sample: (UnsafeBufferPointer<Float>) -> Token?, _ accept: (Token) -> Void
    ) -> Int {
        for (place, token) in tokens.enumerated() {
            use(rows.with(raised[place], at: place, sample))
            accept(token)
        }
        return tokens.count
    }

    /// The table's first line.
    static let header = row(
        "answer, and what the model picks", "refused", "free", "Freshet", "with its reading", "llama.cpp, masks")

    private static func row(
        _ name: String, _ refused: String, _ free: String, _ warm: String, _ cold: String, _ masked: String
    ) -> String {
        Turns.row([(name, 34), (refused, 10), (free, 18), (warm, 24), (cold, 24), (masked, 0)])
    }
}

/// Logits of a few places, one of which is changed while it is looked at.
private final class Rows {
    private var rows: [[Float]]

    init(_ rows: [[Float]]) { self.rows = rows }

    /// Calls a function with the logits of a place of the answer, some of them raised.
    func with<Result>(
        _ raised: [(token: Token, by: Float)], at place: Int, _ body: (UnsafeBufferPointer<Float>) -> Result
    ) -> Result {
        let row = place % rows.count
        let before = raised.map { rows[row][Int($0.token)] }
        for (token, value) in raised { rows[row][Int(token)] += value }
        defer { for (change, value) in zip(raised, before) { rows[row][Int(change.token)] = value } }
        return rows[row].withUnsafeBufferPointer(body)
    }
}

/// Keeps the compiler from leaving out what nobody looks at.
@inline(never)
func use(_ token: Token?) {}
