import Freshet
import Testing

@Suite struct SamplingOptionsTests {
    /// A field with its wire name, values at the edges that hold, and values just beyond them.
    struct Field: Sendable, CustomTestStringConvertible {
        var name: String
        var set: @Sendable (inout SamplingOptions, Float) -> Void
        var good: [Float]
        var bad: [Float]
        var testDescription: String { name }

        init(
            _ name: String, good: [Float], bad: [Float],
            _ set: @escaping @Sendable (inout SamplingOptions, Float) -> Void
        ) {
            (self.name, self.good, self.bad, self.set) = (name, good, bad + [.nan, .infinity, -.infinity], set)
        }
    }

    private static let (huge, tiny) = (Float.greatestFiniteMagnitude, Float.leastNonzeroMagnitude)

    static let fields = [
        Field("temperature", good: [0, tiny, 1, huge], bad: [-tiny, -1]) { $0.temperature = $1 },
        Field("dynatemp_range", good: [0, huge], bad: [-tiny]) { $0.dynamicTemperatureRange = $1 },
        Field("dynatemp_exponent", good: [0, huge], bad: [-tiny]) { $0.dynamicTemperatureExponent = $1 },
        Field("top_p", good: [0, 0.5, 1], bad: [-tiny, Float(1).nextUp]) { $0.topP = $1 },
        Field("min_p", good: [0, 0.5, 1], bad: [-tiny, Float(1).nextUp]) { $0.minP = $1 },
        Field("typical_p", good: [0, 0.5, 1], bad: [-tiny, Float(1).nextUp]) { $0.typicalP = $1 },
        Field("xtc_probability", good: [0, 1], bad: [-tiny, Float(1).nextUp]) { $0.xtcProbability = $1 },
        Field("xtc_threshold", good: [0, 1], bad: [-tiny, Float(1).nextUp]) { $0.xtcThreshold = $1 },
        Field("frequency_penalty", good: [-100, 0, 100], bad: [Float(100).nextUp, Float(-100).nextDown]) {
            $0.frequencyPenalty = $1
        },
        Field("presence_penalty", good: [-100, 0, 100], bad: [Float(100).nextUp, Float(-100).nextDown]) {
            $0.presencePenalty = $1
        },
        Field("repeat_penalty", good: [tiny, 1, huge], bad: [0, -tiny]) { $0.repeatPenalty = $1 },
        Field("dry_multiplier", good: [0, huge], bad: [-tiny]) { $0.dryMultiplier = $1 },
        Field("dry_base", good: [0, huge], bad: [-tiny]) { $0.dryBase = $1 },
        Field("mirostat_tau", good: [0, huge], bad: [-tiny]) { $0.mirostatTau = $1 },
        Field("mirostat_eta", good: [0, 1], bad: [-tiny, Float(1).nextUp]) { $0.mirostatEta = $1 },
        Field("top_n_sigma", good: [-1, 0, huge, -huge], bad: []) { $0.topNSigma = $1 },
    ]

    private func error(_ change: (inout SamplingOptions) -> Void) -> GenerationError? {
        var options = SamplingOptions()
        change(&options)
        do {
            try options.validate()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: fields) func everyNumberAtItsEdges(_ field: Field) {
        for value in field.good { #expect(error { field.set(&$0, value) } == nil, "\(value)") }
        for value in field.bad {
            let error = error { field.set(&$0, value) }
            #expect(error?.code == .invalidRequest && error?.parameter == field.name, "\(value)")
            #expect(error?.message.hasPrefix("\(field.name) must be") == true)
        }
    }

    @Test func wholeNumbersAtTheirEdges() {
        let good: [(inout SamplingOptions) -> Void] = [
            { $0.minKeep = 0 }, { $0.minKeep = .max }, { $0.penaltyLastN = -1 }, { $0.penaltyLastN = 0 },
            { $0.dryPenaltyLastN = -1 }, { $0.dryAllowedLength = 0 }, { $0.topK = .min }, { $0.topK = .max },
            { $0.seed = .max }, { $0.stages = [] }, { $0.stages = [.temperature, .topK] },
            { $0.drySequenceBreakers = [] }, { $0.drySequenceBreakers = Array(repeating: "x", count: 32) },
            { $0.drySequenceBreakers = [String(repeating: "x", count: 1024)] },
            { $0.logitBias = [0: -.infinity, 1: -100, 2: 0] },
        ]
        for change in good { #expect(error(change) == nil) }
        let bad: [(String, (inout SamplingOptions) -> Void)] = [
            ("min_keep", { $0.minKeep = -1 }), ("repeat_last_n", { $0.penaltyLastN = -2 }),
            ("dry_penalty_last_n", { $0.dryPenaltyLastN = -2 }), ("dry_allowed_length", { $0.dryAllowedLength = -1 }),
            ("samplers", { $0.stages = [.topK, .topP, .topK] }), ("logit_bias", { $0.logitBias = [0: .infinity] }),
            ("logit_bias", { $0.logitBias = [0: .nan] }),
            ("dry_sequence_breakers", { $0.drySequenceBreakers = Array(repeating: "x", count: 33) }),
            ("dry_sequence_breakers", { $0.drySequenceBreakers = ["a", String(repeating: "é", count: 513)] }),
        ]
        for (name, change) in bad {
            let error = error(change)
            #expect(error?.code == .invalidRequest && error?.parameter == name, "\(name)")
        }
    }

    @Test func theDefaultsAreValidAndGreedyIsCold() throws {
        try SamplingOptions().validate()
        try SamplingOptions.greedy.validate()
        #expect(SamplingOptions.greedy.temperature == 0)
        #expect(Set(SamplingOptions.Stage.defaultOrder) == Set(SamplingOptions.Stage.allCases))
        #expect(SamplingOptions.Stage.defaultOrder.count == SamplingOptions.Stage.allCases.count)
    }
}
