import CAllocations
import Freshet
import Testing

@testable import FreshetLlama

struct SamplerTests {
    @Test func greedyTakesTheFirstOfTheBest() {
        let sampler = Sampler(.greedy, vocabularySize: 5)
        #expect(sampler.sample([1, 4, -2, 4, 0]) == 1)
        #expect(sampler.sample([1, .nan, -.infinity, 4, 9]) == 4)
    }

    /// The tokens that a seed gives are a promise: if this fails, saved seeds give other texts than before.
    @Test func theDrawIsTheSameInEveryVersion() {
        var options = SamplingOptions()
        options.seed = 42
        let logits: [Float] = [1, 2, 0.5, 2, -1, 1.5, 0, 1.9]
        let sampler = Sampler(options, vocabularySize: 8)
        #expect((0..<16).map { _ in sampler.sample(logits) } == [7, 1, 3, 3, 1, 5, 1, 5, 3, 7, 1, 3, 3, 7, 7, 1])
    }

    /// u picks the first candidate, from the likeliest on, at which the sum reaches it; whatever the stages did before.
    @Test func theDrawIsAsDocumented() throws {
        var cases = SamplingCases(seed: 21)
        for stages in [[], [.topK], [.minP], [.typicalP]] as [[SamplingOptions.Stage]] {
            var options = SamplingOptions()
            (options.seed, options.stages, options.topK, options.typicalP) = (9, stages, 30, 0.9)
            var random = RandomSource(seed: 9)
            let sampler = Sampler(options, vocabularySize: 500)
            for _ in 0..<40 {
                let logits = cases.logits(.flat, count: 500)
                let candidates = sampler.distribution(logits)
                #expect(candidates.map(\.probability) == candidates.map(\.probability).sorted(by: >))
                let target = random.nextUnit()
                var sum = 0.0
                let expected = candidates.first { candidate in
                    sum += Double(candidate.probability)
                    return sum >= target
                }
                #expect(sampler.sample(logits) == expected?.token)
            }
        }
    }

    @Test func drawsFollowTheProbabilities() {
        var options = SamplingOptions()
        (options.seed, options.stages) = (5, [])
        let sampler = Sampler(options, vocabularySize: 4)
        let logits: [Float] = [0, 1, 2, -.infinity]
        var counts = [Double](repeating: 0, count: 4)
        for _ in 0..<20_000 {
            if let token = sampler.sample(logits) { counts[Int(token)] += 1 }
        }
        for candidate in sampler.distribution(logits) {
            // Four standard deviations.
            let (expected, p) = (20_000 * Double(candidate.probability), Double(candidate.probability))
            let tolerance = 4 * (20_000 * p * (1 - p)).squareRoot()
            #expect(abs(counts[Int(candidate.token)] - expected) < tolerance, "\(candidate): \(counts)")
        }
        #expect(counts[3] == 0)
    }

    @Test func xtcActsAsOftenAsItShould() {
        var options = SamplingOptions()
        (options.seed, options.stages) = (6, [.xtc])
        (options.xtcProbability, options.xtcThreshold) = (0.3, 0.1)
        let sampler = Sampler(options, vocabularySize: 3)
        let acted = (0..<2000).filter { _ in sampler.distribution([1, 1, 1]).count == 1 }.count
        #expect(520...680 ~= acted)
    }

    /// Every token is a top choice then, and of those the least likely stays: not one that cannot be chosen.
    @Test(arguments: [0, Float.leastNonzeroMagnitude]) func xtcWithoutAThresholdLeavesAPossibleToken(_ threshold: Float)
    {
        var options = SamplingOptions()
        (options.stages, options.xtcProbability, options.xtcThreshold) = ([.xtc], 1, threshold)
        #expect(Sampler(options, vocabularySize: 4).sample([3, -.infinity, 1, .nan]) == 2)
    }

    @Test func withoutASeedTwoSamplersDiffer() {
        #expect(
            Sampler(SamplingOptions(), vocabularySize: 3).seed != Sampler(SamplingOptions(), vocabularySize: 3).seed)
    }

    @Test func unusableLogitsAreNoCrash() {
        var cases = SamplingCases(seed: 31)
        for shape in SamplingCases.Shape.allCases {
            for _ in 0..<40 {
                let options = cases.options(for: shape)
                let size = cases.vocabularySize()
                let sampler = Sampler(options, vocabularySize: size)
                #expect(sampler.sample([Float](repeating: .nan, count: size)) == nil)
                #expect(sampler.sample([Float](repeating: -.infinity, count: size)) == nil)
                var logits = cases.logits(shape, count: size)
                for _ in 0..<size / 2 + 1 {
                    let value = cases.pick(
                        [.nan, -.infinity, .infinity, 3e38, -3e38, .leastNonzeroMagnitude] as [Float])
                    logits[Int(cases.unit() * Double(size))] = value
                }
                let token = sampler.sample(logits)
                if let token {
                    #expect(logits[Int(token)] > -.infinity, "\(options)")
                } else {
                    #expect(logits.allSatisfy { !($0 > -.infinity) }, "\(shape) \(size) \(options)")
                }
            }
        }
    }

    @Test func infiniteLogitsShareTheProbability() {
        var options = SamplingOptions()
        options.stages = []
        let candidates = Sampler(options, vocabularySize: 4).distribution([.infinity, 0, .infinity, 3])
        #expect(candidates.filter { $0.probability > 0 } == [0, 2].map { Candidate(token: $0, probability: 0.5) })
    }

    @Test func mirostatReplacesTheStagesButTheTemperature() {
        for version in [SamplingOptions.Mirostat.v1, .v2] {
            var options = SamplingOptions()
            (options.mirostat, options.topK, options.presencePenalty) = (version, 1, 100)
            let sampler = Sampler(options, vocabularySize: 50)
            sampler.accept(3)
            #expect(sampler.distribution((0..<50).map { Float($0 % 7) / 10 }).count > 1)
            options.temperature = 0
            #expect(Sampler(options, vocabularySize: 50).sample((0..<50).map { -Float($0) }) == 0)
        }
    }

    @Test func foreignTokensArePassedOver() {
        var options = SamplingOptions()
        (options.presencePenalty, options.dryMultiplier, options.logitBias) = (1, 1, [-1: 5, 3: 5, .max: 5])
        let sampler = Sampler(options, vocabularySize: 3)
        for token in [-1, 3, .min, .max] as [Token] { sampler.accept(token) }
        #expect(sampler.distribution([1, 1, 1]).count == 3)
    }

    @Test func theLogitsAreOnlyRead() {
        var cases = SamplingCases(seed: 41)
        for shape in SamplingCases.Shape.allCases {
            for _ in 0..<20 {
                let size = cases.vocabularySize()
                var options = cases.options(for: shape)
                options.logitBias = [0: 1]
                let sampler = Sampler(options, vocabularySize: size)
                for token in cases.history(vocabularySize: size) { sampler.accept(token) }
                let logits = cases.logits(shape, count: size)
                let before = logits.map(\.bitPattern)
                _ = sampler.sample(logits)
                #expect(logits.map(\.bitPattern) == before)
            }
        }
    }

    /// Whatever the options, once everything has been used. Exact in an optimised build, where the benchmark counts
    /// too.
    @Test(.enabled(if: allocations_are_counted(), "a sanitizer has its own malloc"))
    func nothingIsAllocatedForAToken() {
        var cases = SamplingCases(seed: 51)
        for shape in SamplingCases.Shape.allCases {
            for round in 0..<5 {
                var options = cases.options(for: shape)
                options.logitBias = [0: 1, 5: -.infinity]
                options.mirostat = [.off, .off, .off, .v1, .v2][round]
                let sampler = Sampler(options, vocabularySize: 700)
                let logits = (0..<4).map { _ in cases.logits(shape, count: 700) }
                let tokens = cases.history(vocabularySize: 700) + [1, 2, 3, 1, 2, 3, 1]
                func run() {
                    for turn in 0..<12 {
                        for token in tokens { sampler.accept(token) }
                        _ = sampler.sample(logits[turn % 4])
                    }
                }
                run()
                let before = allocations()
                run()
                #expect(allocations() == before, "\(shape) \(options)")
            }
        }
    }

    /// The test above can fail.
    @Test(.enabled(if: allocations_are_counted(), "a sanitizer has its own malloc"))
    func allocationsAreSeen() {
        let before = allocations()
        var array = [Int](repeating: 1, count: 100)
        array.append(2)
        #expect(allocations() > before)
        #expect(array.count == 101)
    }

    private func allocations() -> UInt64 {
        #if DEBUG
            large_allocations_of_this_thread()
        #else
            allocations_of_this_thread()
        #endif
    }
}
