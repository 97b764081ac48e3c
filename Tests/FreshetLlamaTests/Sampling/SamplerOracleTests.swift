import Freshet
import Testing

@testable import FreshetLlama

/// Each stage, the default chain and any chain leave what llama.cpp's own leave.
struct SamplerOracleTests {
    @Test(arguments: SamplingOptions.Stage.allCases)
    func stageAlone(_ stage: SamplingOptions.Stage) throws {
        var cases = SamplingCases(seed: 1)
        for shape in SamplingCases.Shape.allCases where shape.isModerate || stage != .typicalP {
            for _ in 0..<12 {
                var options = cases.options(for: shape)
                options.stages = [stage]
                try compare(options, shape, &cases)
            }
        }
    }

    @Test func defaultChain() throws {
        var cases = SamplingCases(seed: 2)
        var options = SamplingOptions()
        options.drySequenceBreakers = []
        for shape in SamplingCases.Shape.allCases {
            for _ in 0..<12 { try compare(options, shape, &cases) }
            try compare(options, shape, &cases, vocabularySize: 32_000)
        }
    }

    @Test func defaultOrder() throws {
        var cases = SamplingCases(seed: 3)
        for shape in SamplingCases.Shape.allCases {
            for _ in 0..<30 {
                var options = cases.options(for: shape)
                options.stages = SamplingOptions.Stage.defaultOrder
                try compare(options, shape, &cases)
            }
        }
    }

    @Test func anyOrder() throws {
        var cases = SamplingCases(seed: 4)
        for shape in SamplingCases.Shape.allCases {
            for _ in 0..<60 { try compare(cases.options(for: shape), shape, &cases) }
        }
    }

    @Test func biasAndIgnoredEnd() throws {
        var cases = SamplingCases(seed: 5)
        for shape in SamplingCases.Shape.allCases {
            for _ in 0..<10 {
                var options = cases.options(for: shape)
                options.typicalP = 1
                options.logitBias = [0: 3, 1: -.infinity, 7: -2.5, 100_000: 1]
                options.ignoresEndOfGeneration = true
                try compare(options, shape, &cases, endOfGeneration: [2, 5])
            }
        }
    }

    @Test(arguments: [SamplingOptions.Mirostat.v1, .v2])
    func mirostat(_ version: SamplingOptions.Mirostat) throws {
        var cases = SamplingCases(seed: 6)
        // The number that version 1 computes does not fit llama.cpp's int where the target cannot be reached.
        let targets: [Float] = version == .v1 ? [0.5, 1, 1.5] : [1, 3, 5]
        for (size, target) in zip([17, 300, 2000], targets) {
            var options = SamplingOptions()
            (options.mirostat, options.mirostatTau, options.mirostatEta) = (version, target, 0.2)
            let oracle = try SamplerOracle(options, vocabularySize: size)
            let sampler = Sampler(options, vocabularySize: size)
            for step in 0..<40 {
                let logits = cases.logits(step % 2 == 0 || version == .v1 ? .peaked : .flat, count: size)
                let (theirs, chosen) = oracle.apply(logits)
                let ours = sampler.distribution(logits)
                expectSame(ours, theirs, logits: logits, "\(version), \(size) tokens, step \(step)")
                // Both learn from the token that llama.cpp drew; its limit shows in what it leaves the next time.
                let choice = try #require(ours.first { $0.token == chosen?.token })
                sampler.mirostat?.learn(from: choice.probability)
            }
        }
    }

    private func compare(
        _ options: SamplingOptions, _ shape: SamplingCases.Shape, _ cases: inout SamplingCases,
        vocabularySize: Int? = nil, endOfGeneration: [Token] = []
    ) throws {
        let size = vocabularySize ?? cases.vocabularySize()
        let logits = cases.logits(shape, count: size)
        let oracle = try SamplerOracle(options, vocabularySize: size, endOfGeneration: endOfGeneration)
        let sampler = Sampler(options, vocabularySize: size, endOfGeneration: endOfGeneration)
        for token in cases.history(vocabularySize: size) {
            sampler.accept(token)
            oracle.accept(token)
        }
        // A chain from which nothing can be drawn gives llama.cpp NaN.
        let theirs = oracle.apply(logits).candidates.filter { !$0.probability.isNaN }
        expectSame(sampler.distribution(logits), theirs, logits: logits, "\(shape), \(size) tokens, \(options)")
    }
}

extension Sampler {
    /// A sampler for a vocabulary without texts.
    convenience init(
        _ options: SamplingOptions, vocabularySize: Int, contextLength: Int = 4096, endOfGeneration: [Token] = []
    ) {
        self.init(
            options: options, vocabularySize: vocabularySize, contextLength: contextLength,
            endOfGeneration: endOfGeneration)
    }

    func distribution(_ logits: [Float]) -> [Candidate] { logits.withUnsafeBufferPointer { distribution($0) } }

    func sample(_ logits: [Float]) -> Token? { logits.withUnsafeBufferPointer { sample($0) } }
}
