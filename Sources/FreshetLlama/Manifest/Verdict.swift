internal import Foundation
internal import Freshet

extension Verification {
    /// What the log-probabilities tell of why another token came.
    public enum Verdict: Sendable, Hashable, CaseIterable {
        /// The logits are the same to the last bit, here and at all tokens before: the token was drawn in another way, by
        /// other sampling settings, another seed or another version's sampler.
        case drawnOtherwise
        /// The logits moved as rounding moves them, and the two tokens are near enough for that to decide.
        case nearTie
        /// The logits of what was recorded moved by no more than rounding does, but the two tokens are too far apart for
        /// that to decide: other logits moved more, or the token was drawn in another way.
        case farApart
        /// The logits moved by more than rounding does: something else was computed.
        case otherLogits
    }

    /// Why the first difference came; `nil` where everything is the same.
    public var verdict: Verdict? {
        guard let difference else { return nil }
        let moved = max(drift, Self.distance(difference.recorded, difference.expectedHere))
        guard moved <= Self.rounding else { return .otherLogits }
        if moved == 0 { return .drawnOtherwise }
        let gap = Self.distance(difference.expectedHere, difference.foundHere)
        return gap <= difference.reach ? .nearTie : .farApart
    }

    /// How far two log-probabilities are apart; infinitely where one is not a number.
    static func distance(_ left: Float, _ right: Float) -> Float {
        // Of two infinities the difference is no number, and there is none.
        guard left != right else { return 0 }
        let distance = abs(left - right)
        return distance.isNaN ? .infinity : distance
    }
}

extension SamplingOptions {
    /// How far apart the log-probabilities of two tokens may be for ``Verification/rounding`` of both to decide between
    /// them.
    ///
    /// At temperature 0 it is twice that, because one may rise and the other fall. A draw falls on one side of a border
    /// between two tokens, which may be as different as 1 and 100 at the draw's temperature: a flip between tokens further
    /// apart is rarer than one in a hundred of those that rounding makes. Penalties move the logits by what depends on the
    /// text, and there no distance is too far.
    func reach(between token: Token, and other: Token) -> Float {
        let (left, right) = (logitBias[token] ?? 0, logitBias[other] ?? 0)
        let isPenalised =
            (stages.contains(.penalties) && (repeatPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0))
            || (stages.contains(.dry) && dryMultiplier != 0)
        guard mirostat != .off || !isPenalised else { return .infinity }
        let takesBest = mirostat == .off && topK == 1 && stages.contains(.topK)
        let isTempered = mirostat != .off || stages.contains(.temperature)
        let warmth = takesBest ? 0 : isTempered ? temperature + dynamicTemperatureRange : 1
        return 2 * Verification.rounding + warmth * log(100) + Verification.distance(left, right)
    }
}
