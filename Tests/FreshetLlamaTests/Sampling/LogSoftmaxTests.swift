import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Log-probabilities against a plain softmax over the raw logits, in doubles.
@Suite struct LogSoftmaxTests {
    /// Each token's log-probability by the definition, and the order of the likeliest.
    private static func plain(_ logits: [Float]) -> (values: [Double], order: [Int]) {
        let numbers = logits.map { $0.isNaN ? -.infinity : Double(min($0, .greatestFiniteMagnitude)) }
        let maximum = numbers.max() ?? 0
        let sum = numbers.reduce(0) { $0 + exp($1 - maximum) }
        let order = numbers.indices.filter { numbers[$0] > -.infinity }
            .sorted { (numbers[$1], $0) < (numbers[$0], $1) }
        return (numbers.map { $0 - maximum - log(sum) }, order)
    }

    private static func sampler(_ count: Int, _ change: (inout SamplingOptions) -> Void = { _ in }) -> Sampler {
        var options = SamplingOptions()
        options.seed = 1
        change(&options)
        return Sampler(options: options, vocabularySize: count, contextLength: 64, endOfGeneration: [])
    }

    private static func check(_ logits: [Float], _ sampler: Sampler, top count: Int, token: Int) {
        let plain = plain(logits)
        let found = logits.withUnsafeBufferPointer { sampler.likelihoods(of: Token(token), top: count, in: $0) }
        #expect(found.top.map { Int($0.token) } == Array(plain.order.prefix(count)))
        for likelihood in found.top + [found.token] {
            let expected = plain.values[Int(likelihood.token)]
            guard expected > -9998 else {
                #expect(likelihood.logProbability == -.infinity)
                continue
            }
            #expect(abs(Double(likelihood.logProbability) - expected) < 1e-5 + 1e-6 * abs(expected))
        }
        #expect(found.token.token == Token(token))
    }

    @Test(arguments: [1, 2, 15, 16, 17, 257, 2048, 32_001, 151_936])
    func isThePlainSoftmax(_ size: Int) {
        var generator = SeededGenerator(seed: UInt64(size))
        let sampler = Self.sampler(size)
        for round in 0..<(size > 10_000 ? 1 : 4) {
            var logits = SyntheticLogits.make(count: size, seed: UInt64(round))
            // Ties, and what cannot be chosen.
            for _ in 0..<min(size / 2, 20) {
                let place = Int.random(in: 0..<size, using: &generator)
                logits[place] = [logits[0], .nan, -.infinity, 0, -20][Int.random(in: 0..<5, using: &generator)]
            }
            for top in [0, 1, 5, 20] {
                Self.check(logits, sampler, top: top, token: Int.random(in: 0..<size, using: &generator))
            }
        }
    }

    @Test func unusableLogitsCountAsTheyDoForTheDraw() {
        let sampler = Self.sampler(40)
        var logits = [Float](repeating: -.infinity, count: 40)
        Self.check(logits, sampler, top: 3, token: 7)
        logits[3] = .nan
        logits[5] = 2
        Self.check(logits, sampler, top: 3, token: 5)
        logits[39] = .infinity
        logits[38] = .infinity
        Self.check(logits, sampler, top: 3, token: 39)
        Self.check([Float](repeating: 1, count: 40), sampler, top: 20, token: 39)
        Self.check((0..<40).map { Float($0) * 1e4 }, sampler, top: 20, token: 39)
    }

    /// Neither penalties nor temperature change them, and asking for them changes no draw.
    @Test func theSamplersStagesDoNotCount() {
        let make: () -> Sampler = {
            let sampler = Self.sampler(500) { options in
                (options.temperature, options.repeatPenalty, options.logitBias) = (1.7, 1.5, [3: 40, 4: -.infinity])
            }
            for token in 0..<100 { sampler.accept(Token(token)) }
            return sampler
        }
        let (asked, quiet) = (make(), make())
        for round in 0..<50 {
            let logits = SyntheticLogits.make(count: 500, seed: UInt64(round))
            logits.withUnsafeBufferPointer { #expect(asked.sample($0) == quiet.sample($0)) }
            Self.check(logits, asked, top: 5, token: round)
        }
    }
}
