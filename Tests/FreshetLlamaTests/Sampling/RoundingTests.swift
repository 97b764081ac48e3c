import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Which other token rounding makes of a draw.
struct RoundingTests {
    private static let size = 128

    /// Logits from flat to steep, about normally distributed.
    private static func rows(_ count: Int, using random: inout SeededGenerator) -> [[Float]] {
        (0..<count).map { _ in
            let scale = Float.random(in: 0.7...7, using: &random)
            return (0..<size).map { _ in
                (0..<6).reduce(0) { sum, _ in sum + Float.random(in: -0.5...0.5, using: &random) } * scale
            }
        }
    }

    /// Answers from logits and from what rounding makes of them, up to the first token that differs: few of those are
    /// further apart than a verdict believes of rounding.
    @Test(arguments: DrawingWays.all.indices, [false, true])
    func fewTokensAreFurtherApartThanItReaches(number: Int, isHeld: Bool) throws {
        let way = DrawingWays.all[number]
        var random = SeededGenerator(seed: UInt64(number))
        let table = TokenTable(count: Self.size, endOfGeneration: []) { token, bytes in bytes.append(UInt8(token)) }
        let constraint = try Constraint(Grammar(text: #"root ::= ("a" | [b-p] [q-z]+)*"#), tokens: table)
        let rows = Self.rows(64, using: &random)
        let noise = (0..<64).map { _ in (0..<Self.size).map { _ in Float.random(in: -0.02...0.02, using: &random) } }
        var (flips, beyond, answers) = (0, 0, 0)
        while flips < 100, answers < 1000 {
            answers += 1
            var options = SamplingOptions()
            way.change(&options)
            options.seed = random.next()
            let samplers = (0..<2).map { _ in
                Sampler(options: options, vocabularySize: Self.size, contextLength: 512, endOfGeneration: [])
            }
            if isHeld { for sampler in samplers { sampler.follow(GrammarMatcher(constraint)) } }
            for _ in 0..<100 {
                let logits = random.pick(rows)
                let moved = zip(logits, random.pick(noise)).map(+)
                guard let there = logits.withUnsafeBufferPointer({ samplers[0].sample($0) }),
                    let here = moved.withUnsafeBufferPointer({ samplers[1].sample($0) })
                else { break }
                guard there != here else {
                    for sampler in samplers { sampler.accept(there) }
                    continue
                }
                let values = moved.withUnsafeBufferPointer { moved in
                    [there, here].map { samplers[1].likelihoods(of: $0, top: 0, in: moved).token.logProbability }
                }
                flips += 1
                let reach = options.reach(between: there, and: here, isHeld: isHeld)
                if Verification.distance(values[0], values[1]) > reach { beyond += 1 }
                break
            }
        }
        #expect(flips > 50 && beyond <= 1, "\(way.name): \(beyond) of \(flips)")
    }
}
