internal import Foundation
internal import Freshet

extension Verification {
    /// What the log-probabilities tell of why another token came.
    public enum Verdict: Sendable, Hashable, CaseIterable {
        /// The logits are the same to the last bit, here and at all tokens before: the token was drawn in another way, by
        /// other sampling settings, another seed or another version's sampler.
        case drawnOtherwise
        /// The logits are the same at all tokens before, and the log-probability that was recorded is, to the last bit, that
        /// of the token that came: another token was put in its place since.
        case altered
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
        if moved > 0, drift == 0, difference.recorded == difference.foundHere { return .altered }
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
    /// them. Negative where nothing can: the first of them is never drawn.
    ///
    /// At temperature 0 it is twice that, because one may rise and the other fall. A draw falls on one side of a border
    /// between two tokens, which may be as different as 1 and 100 at the draw's temperature. Where answers are held to a
    /// form it is 1 and 1000, because a draw that is refused is followed by another: whether it is decides which random
    /// numbers all later tokens have. Of a hundred tokens that rounding makes others, less than one is further apart, in
    /// each way to draw. XTC takes the likeliest away or not, as the next falls on one side of its threshold. Penalties move
    /// the logits by what depends on the text, and locally typical sampling may cut the likeliest off: no distance is too
    /// far for those.
    ///
    /// - Parameters:
    ///   - token: the token that was recorded.
    ///   - other: the token that came.
    ///   - isHeld: whether answers are held to a form.
    func reach(between token: Token, and other: Token, isHeld: Bool) -> Float {
        guard logitBias[token] != -.infinity else { return -1 }
        let bias = Verification.distance(logitBias[token] ?? 0, logitBias[other] ?? 0)
        let rounding = 2 * Verification.rounding + bias
        let factor = log(Float(isHeld ? 1000 : 100))
        // It is the only stage of its kind.
        guard mirostat == .off else { return rounding + (temperature + dynamicTemperatureRange) * factor }
        let isPenalised =
            (stages.contains(.penalties) && (repeatPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0))
            || (stages.contains(.dry) && dryMultiplier != 0)
        guard !isPenalised else { return .infinity }
        let isTempered = stages.contains(.temperature)
        let warmth = isTempered ? temperature + dynamicTemperatureRange : 1
        // What takes the best leaves nothing to the stages after it.
        let best = stages.firstIndex { $0 == .topK && topK == 1 || $0 == .temperature && warmth == 0 }
        let cuts = stages[..<(best ?? stages.endIndex)]
        if best != nil, cuts.contains(.typicalP), typicalP < 1 { return .infinity }
        let takesAway = cuts.contains(.xtc) && xtcProbability > 0 && xtcThreshold <= 0.5
        let threshold = max(xtcThreshold, Float.leastNormalMagnitude)
        return rounding + (best == nil ? warmth * factor : 0)
            + (takesAway ? max(isTempered ? warmth : 1, 1) * log((1 - threshold) / threshold) : 0)
    }
}
