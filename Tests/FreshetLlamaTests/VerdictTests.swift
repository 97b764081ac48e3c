import Freshet
import Testing

@testable import FreshetLlama

/// What a difference's log-probabilities say of why it came.
@Suite struct VerdictTests {
    /// How far all tokens before moved, the record, the same token here, the one that came, how far apart they may be.
    @Test(
        arguments: [
            // The same logits, however near or far the token that came is.
            ((0, -1.196, -1.196, -0.9, 0.1), .drawnOtherwise), ((0, -15.2, -15.2, -3e-5, 0.1), .drawnOtherwise),
            ((0, -0.7, -0.7, -0.7, 9), .drawnOtherwise),
            // One last bit is enough to have moved, here or before.
            ((0, (-0.7 as Float).nextUp, -0.7, -0.71, 0.1), .nearTie), ((1e-7, -0.7, -0.7, -0.71, 0.1), .nearTie),
            ((0.02, -0.72, -0.7, -0.75, 0.1), .nearTie), ((0, -3, -3.01, -0.05, 4.7), .nearTie),
            ((0, -3, -3.01, -3.02, -1), .farApart), ((0, -0.71, -0.7, -0.81, 0.1), .farApart),
            ((0, -15.21, -15.2, -3e-5, 4.7), .farApart),
            ((1e-7, -15.2, -15.2, -3e-5, 4.7), .farApart), ((0, -3, -3.01, -.infinity, 4.7), .farApart),
            ((0, -15.21, -15.2, -3e-5, .infinity), .nearTie),
            ((0, -0.76, -0.7, -0.7, 9), .otherLogits), ((0.06, -0.7, -0.7, -0.7, 9), .otherLogits),
            ((0, -0.7, -.infinity, -0.71, .infinity), .otherLogits),
            // The record is that of the token that came: only its number is another.
            ((0, -0.7, -9, -0.7, 4.7), .altered), ((0, -0.7, -0.71, -0.7, 4.7), .altered),
            ((0, -0.7, -.infinity, -0.7, .infinity), .altered), ((1e-7, -0.7, -9, -0.7, 4.7), .otherLogits),
            ((0, .nan, -0.7, -0.7, 9), .otherLogits),
        ] as [((drift: Float, recorded: Float, expected: Float, found: Float, reach: Float), Verification.Verdict)])
    func isThatOfTheLogProbabilities(
        _ row: (drift: Float, recorded: Float, expected: Float, found: Float, reach: Float),
        _ verdict: Verification.Verdict
    ) {
        var result = Verification(matchingTokens: 3, drift: row.drift)
        #expect(result.verdict == nil)
        result.difference = Verification.Difference(
            answer: 0, position: 3, expected: 1, found: 2, recorded: row.recorded, expectedHere: row.expected,
            foundHere: row.found, reach: row.reach)
        #expect(result.verdict == verdict, "\(row)")
    }

    /// How far apart two tokens may be for rounding to decide: at temperature 0 twice what it moves one.
    @Test func reachIsThatOfTheDraw() {
        let rows: [((inout SamplingOptions) -> Void, Float)] = [
            ({ $0.temperature = 0 }, 0.1), ({ ($0.temperature, $0.topK) = (2, 1) }, 0.1),
            ({ $0.temperature = 1 }, 4.7052), ({ $0.temperature = 0.5 }, 2.4026),
            ({ ($0.temperature, $0.stages) = (0.5, [.topK]) }, 4.7052),
            ({ ($0.temperature, $0.topK, $0.stages) = (1, 1, [.temperature]) }, 4.7052),
            ({ ($0.temperature, $0.dynamicTemperatureRange) = (0.5, 0.5) }, 4.7052),
            ({ ($0.temperature, $0.logitBias) = (0, [1: 3, 2: 1, 7: 90]) }, 2.1),
            ({ ($0.temperature, $0.repeatPenalty) = (0, 1.1) }, .infinity),
            ({ ($0.temperature, $0.frequencyPenalty) = (0, 1) }, .infinity),
            ({ ($0.temperature, $0.dryMultiplier) = (0, 1) }, .infinity),
            ({ ($0.temperature, $0.presencePenalty, $0.stages) = (0, 1, [.temperature]) }, 0.1),
            ({ ($0.temperature, $0.repeatPenalty, $0.mirostat) = (1, 1.1, .v2) }, 4.7052),
            ({ ($0.temperature, $0.presencePenalty, $0.typicalP, $0.mirostat) = (0, 1, 0.5, .v1) }, 0.1),
            // What is taken away or not is as far from the next as XTC's threshold lets it be.
            ({ ($0.temperature, $0.xtcProbability) = (0, 0.1) }, 2.2972),
            ({ ($0.temperature, $0.xtcProbability) = (1, 0.1) }, 6.9024),
            ({ ($0.temperature, $0.xtcProbability, $0.xtcThreshold) = (0, 0.1, 0.51) }, 0.1),
            ({ ($0.topK, $0.xtcProbability) = (1, 0.1) }, 0.1),
            ({ ($0.temperature, $0.typicalP) = (0, 0.9) }, .infinity),
            ({ ($0.temperature, $0.typicalP, $0.stages) = (0, 0.9, [.temperature, .typicalP]) }, 0.1),
            ({ ($0.temperature, $0.typicalP) = (1, 0.9) }, 4.7052),
            // What is never drawn is no tie.
            ({ ($0.temperature, $0.logitBias) = (1, [1: -.infinity]) }, -1),
        ]
        for (number, (change, reach)) in rows.enumerated() {
            var sampling = SamplingOptions()
            change(&sampling)
            let found = sampling.reach(between: 1, and: 2, isHeld: false)
            #expect(found == reach || abs(found - reach) < 1e-3, "row \(number): \(found)")
            // Where answers are held to a form it is ten times as much for a draw, and no more for the likeliest.
            let held = sampling.reach(between: 1, and: 2, isHeld: true)
            #expect(reach < 2.3 || !reach.isFinite ? held == found : held > found, "row \(number): \(held)")
        }
    }
}
