import Freshet
import Testing

@testable import FreshetLlama

/// Whatever passes ``SamplingOptions/validate()`` gives a token, or none where none can be had; it never ends the
/// process.
struct ExtremeOptionsTests {
    private static let (huge, tiny) = (Float.greatestFiniteMagnitude, Float.leastNonzeroMagnitude)
    private static let lengths = [0, 1, 2, 64, Int(Int32.max), .max - 1, .max]

    @Test func everyExtremeGivesATokenOrNone() throws {
        var cases = SamplingCases(seed: 71)
        var chosen = 0
        for shape in SamplingCases.Shape.allCases {
            for _ in 0..<150 {
                let options = options(&cases)
                try options.validate()
                let size = cases.vocabularySize()
                let sampler = Sampler(options, vocabularySize: size, contextLength: 100)
                for token in cases.history(vocabularySize: size) { sampler.accept(token) }
                for _ in 0..<3 {
                    let logits = cases.logits(shape, count: size)
                    guard let token = sampler.sample(logits) else { continue }
                    #expect(logits[Int(token)] > -.infinity, "\(shape) \(options)")
                    sampler.accept(token)
                    chosen += 1
                }
            }
        }
        #expect(chosen > 1000)
    }

    /// Without a bias and penalties, which may forbid every token, there always is one to choose.
    @Test func narrowingAndSpreadingLeaveSomething() throws {
        var cases = SamplingCases(seed: 72)
        for shape in SamplingCases.Shape.allCases {
            for _ in 0..<150 {
                var options = options(&cases)
                options.logitBias = [:]
                options.stages.removeAll { $0 == .penalties || $0 == .dry }
                let size = cases.vocabularySize()
                let sampler = Sampler(options, vocabularySize: size)
                for _ in 0..<3 {
                    #expect(sampler.sample(cases.logits(shape, count: size)) != nil, "\(shape) \(size) \(options)")
                }
            }
        }
    }

    /// More than the context holds is the context: memory is not taken for what never comes.
    @Test(arguments: [101, Int(Int32.max), .max])
    func aLookBackBeyondTheContextIsTheContext(_ length: Int) {
        var whole = SamplingOptions()
        (whole.stages, whole.presencePenalty, whole.dryMultiplier) = ([.penalties, .dry], 1, 1)
        (whole.penaltyLastN, whole.dryPenaltyLastN, whole.drySequenceBreakers) = (-1, -1, [])
        var beyond = whole
        (beyond.penaltyLastN, beyond.dryPenaltyLastN) = (length, length)
        let samplers = [whole, beyond].map { Sampler($0, vocabularySize: 7, contextLength: 100) }
        for step in 0..<100 as Range<Token> {
            for sampler in samplers { sampler.accept(step * step % 7) }
            let logits = [Float](repeating: 0, count: 7)
            #expect(samplers[0].distribution(logits) == samplers[1].distribution(logits))
        }
    }

    private func options(_ cases: inout SamplingCases) -> SamplingOptions {
        let (huge, tiny, lengths) = (Self.huge, Self.tiny, Self.lengths)
        var options = SamplingOptions()
        options.seed = cases.pick([0, .max])
        options.stages.removeAll { _ in cases.unit() < 0.3 }
        if cases.unit() < 0.3 { options.logitBias = [0: huge, 1: -huge, 2: -.infinity, 3: tiny, .max: huge, .min: 1] }
        options.temperature = cases.pick([0, tiny, 1e-30, 1, 1e30, huge])
        options.dynamicTemperatureRange = cases.pick([0, tiny, 1, huge])
        options.dynamicTemperatureExponent = cases.pick([0, tiny, 1, huge])
        options.topK = cases.pick([.min, -1, 0, 1, 40, .max])
        options.topP = cases.pick([0, tiny, 0.5, Float(1).nextDown, 1])
        options.minP = cases.pick([0, tiny, 0.5, Float(1).nextDown, 1])
        options.typicalP = cases.pick([0, tiny, 0.5, Float(1).nextDown, 1])
        options.topNSigma = cases.pick([-huge, 0, tiny, 1, huge])
        options.xtcProbability = cases.pick([0, tiny, 1])
        options.xtcThreshold = cases.pick([0, tiny, 0.5, 1])
        options.minKeep = cases.pick(lengths)
        options.penaltyLastN = cases.pick([-1] + lengths)
        options.repeatPenalty = cases.pick([tiny, 1, huge])
        options.frequencyPenalty = cases.pick([-100, 0, 100])
        options.presencePenalty = cases.pick([-100, 0, 100])
        options.dryMultiplier = cases.pick([0, tiny, 1, huge])
        options.dryBase = cases.pick([0, tiny, 1, Float(1).nextUp, 1.75, huge])
        options.dryAllowedLength = cases.pick(lengths)
        options.dryPenaltyLastN = cases.pick([-1] + lengths)
        options.mirostat = cases.pick([.off, .off, .v1, .v2])
        options.mirostatTau = cases.pick([0, tiny, 5, huge])
        options.mirostatEta = cases.pick([0, tiny, 1])
        return options
    }
}
