import Freshet
import Testing

@testable import FreshetLlama

/// Logits and options by the thousand, the same ones every time.
struct SamplingCases {
    private var random: RandomSource

    init(seed: UInt64) { random = RandomSource(seed: seed) }

    /// Shapes that a model's logits may have, and shapes that they should not.
    enum Shape: CaseIterable {
        /// As of a language model: many low, few high.
        case peaked
        case flat
        /// Few different values, so that thresholds fall among equals.
        case tied
        case allEqual
        case descending
        case ascending
        /// Many tokens that cannot be chosen.
        case masked
        /// Differences far beyond what a probability can express.
        case wide

        /// Whether every token has a probability above 0 in single precision.
        var isModerate: Bool { self != .masked && self != .wide }

        /// Whether a threshold falls among equals nearly always.
        var isTied: Bool { self == .tied || self == .allEqual }
    }

    /// Logits of a shape.
    mutating func logits(_ shape: Shape, count: Int) -> [Float] {
        switch shape {
        case .peaked: (0..<count).map { _ in Float(normal() * 2.5 + (unit() < 0.002 ? 10 : 0)) }
        case .flat: (0..<count).map { _ in Float(normal() * 0.3) }
        case .tied: (0..<count).map { _ in Float(Int(normal() * 2)) }
        case .allEqual: [Float](repeating: Float(normal()), count: count)
        case .descending: (0..<count).map { -12 * Float($0) / Float(count) }
        case .ascending: (0..<count).map { 12 * Float($0) / Float(count) }
        case .masked: (0..<count).map { $0 == count / 2 || unit() < 0.3 ? Float(normal() * 2) : -.infinity }
        case .wide: (0..<count).map { _ in Float(normal() * 1e4) }
        }
    }

    /// A vocabulary's size, small ones included.
    mutating func vocabularySize() -> Int { pick([1, 2, 3, 15, 16, 17, 40, 63, 64, 65, 127, 129, 500, 1000, 2500]) }

    /// Options under which each stage acts with an even chance, in any order.
    ///
    /// llama.cpp's typical sampling computes 0 · log 0 for a candidate without probability, and with it nothing is
    /// comparable; so that stage is on only where each candidate has one. With an XTC threshold of 0 its XTC leaves a
    /// candidate without probability, where there is one.
    mutating func options(for shape: Shape) -> SamplingOptions {
        var options = SamplingOptions()
        options.stages = SamplingOptions.Stage.defaultOrder.shuffled(using: &random)
        if shape.isTied {
            // Which of equals a stage kept would show in what a penalty does to them later.
            options.stages = [.penalties, .dry] + options.stages.filter { $0 != .penalties && $0 != .dry }
        }
        options.minKeep = pick([0, 0, 0, 1, 2, 5])
        options.topK = pick([0, 1, 2, 5, 40, 100, 200, 5000])
        options.topP = pick([1, 1, 0, Float(unit()), 0.95])
        options.minP = pick([0, 0, 1, Float(unit() * 0.3), 0.05])
        options.topNSigma = pick([-1, -1, Float(unit() * 3), 1])
        options.xtcProbability = pick([0, 1])
        options.xtcThreshold = pick([0.01, 0.1, Float(0.01 + unit() * 0.49)])
        options.temperature = pick([0, 0.3, 0.8, 1, 2])
        options.dynamicTemperatureRange = pick([0, 0, 0.5, 1])
        options.dynamicTemperatureExponent = pick([1, 1, 0.5, 2])
        options.repeatPenalty = pick([1, 1.1, 0.9, 2])
        options.frequencyPenalty = pick([0, 0.2, -0.2])
        options.presencePenalty = pick([0, 0.3, -0.3])
        options.penaltyLastN = pick([-1, 0, 1, 16, 64])
        options.dryMultiplier = pick([0, 0.8, 3])
        options.dryBase = pick([1.75, 1, 4])
        options.dryAllowedLength = pick([2, 0, 1, 5])
        options.dryPenaltyLastN = pick([-1, 0, 3, 64])
        options.drySequenceBreakers = []
        if shape.isModerate, options.topNSigma <= 0, options.temperature > 0 {
            options.typicalP = pick([1, Float(unit()), 0.9])
        }
        return options
    }

    /// A history in which tokens, and runs of tokens, come back.
    mutating func history(vocabularySize: Int) -> [Token] {
        var history: [Token] = []
        for _ in 0..<pick([0, 1, 5, 100]) {
            if !history.isEmpty, unit() < 0.2 {
                let start = Int(unit() * Double(history.count))
                history += history[start..<min(history.count, start + 6)]
            } else {
                history.append(Token(Int(unit() * unit() * Double(vocabularySize))))
            }
        }
        return history
    }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int(unit() * Double(values.count))] }

    mutating func unit() -> Double { random.nextUnit() }

    /// Near enough to a normal distribution: the sum of twelve.
    private mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + unit() } }
}

/// The probabilities that a chain left, in one order whatever order it left them in.
///
/// - Parameter candidates: those that no chain can draw are passed over, because whether they are listed is a matter of
///   taste.
private func ordered(_ candidates: [Candidate]) -> [Candidate] {
    candidates.filter { $0.probability > 1e-30 }.sorted {
        ($0.probability, $1.token) > ($1.probability, $0.token)
    }
}

/// Expects that two chains left the same candidates. Of equal candidates at a threshold either may have been kept.
func expectSame(
    _ ours: [Candidate], _ theirs: [Candidate], logits: [Float], _ context: @autoclosure () -> String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let (ours, theirs) = (ordered(ours), ordered(theirs))
    guard ours.count == theirs.count else {
        Issue.record("\(ours.count) candidates, not \(theirs.count): \(context())", sourceLocation: sourceLocation)
        return
    }
    for (mine, its) in zip(ours, theirs) {
        let error = abs(mine.probability - its.probability)
        guard error <= 1e-5, error <= 1e-3 * its.probability else {
            Issue.record("\(mine) is not \(its): \(context())", sourceLocation: sourceLocation)
            return
        }
    }
    let (mine, its) = (Set(ours.map(\.token)), Set(theirs.map(\.token)))
    let (added, missing) = (mine.subtracting(its), its.subtracting(mine))
    let (addedLogits, missingLogits) = (
        added.map { logits[Int($0)] }.sorted(), missing.map { logits[Int($0)] }.sorted()
    )
    if addedLogits != missingLogits {
        Issue.record("keeps \(added) and not \(missing): \(context())", sourceLocation: sourceLocation)
    }
}
