import Foundation
import Freshet

/// "Don't repeat yourself": penalises every token that would make the end of the sequence repeat an earlier part of it,
/// exponentially in the length of the repeat (by its author p-e-w, text-generation-webui pull request 5677, 2024).
struct DRY {
    private let multiplier: Float
    private let base: Float
    private let allowedLength: Int
    private let breakers: SequenceBreakers
    private var history: TokenHistory
    /// By distance from the end: how many tokens before that point are the same as before the end.
    private var repeats: [Int]
    /// By token: the longest repeat that it would go on with; 0 outside ``apply(to:)``.
    private var longest: [Int32]
    /// The tokens for which ``longest`` is not 0.
    private var extending: [Token] = []

    /// Whether the options turn DRY on.
    static func isOn(_ options: SamplingOptions) -> Bool {
        options.mirostat == .off && options.stages.contains(.dry) && options.dryMultiplier != 0 && options.dryBase >= 1
            && options.dryPenaltyLastN != 0
    }

    /// - Parameter breakers: asked for only when the options turn DRY on.
    /// - Returns: `nil` when they do not.
    init?(_ options: SamplingOptions, vocabularySize: Int, contextLength: Int, breakers: () -> SequenceBreakers) {
        let size = TokenHistory.capacity(options.dryPenaltyLastN, contextLength: contextLength)
        guard Self.isOn(options), size > 0 else { return nil }
        (multiplier, base, allowedLength) = (options.dryMultiplier, options.dryBase, options.dryAllowedLength)
        history = TokenHistory(capacity: size)
        repeats = [Int](repeating: 0, count: size)
        longest = [Int32](repeating: 0, count: vocabularySize)
        extending.reserveCapacity(min(size, vocabularySize))
        self.breakers = breakers()
    }

    /// Takes a token of the vocabulary into the history.
    mutating func accept(_ token: Token) { _ = history.append(token) }

    /// Changes the logits of the tokens that would go on with a repeat.
    mutating func apply(to candidates: inout Candidates) {
        guard history.count > allowedLength else { return }
        let limit = breakers.distance(in: history)
        guard limit >= allowedLength else { return }
        measureRepeats()
        for distance in 1..<max(1, history.count) {
            let length = min(repeats[distance], limit)
            let token = history[distance - 1]
            // A length of 0, which an allowed length of 0 lets through, still has to be told from "none".
            guard length >= allowedLength, length + 1 > longest[Int(token)], !breakers.isBreaker(token) else {
                continue
            }
            if longest[Int(token)] == 0 { extending.append(token) }
            longest[Int(token)] = Int32(length + 1)
        }
        penalize(&candidates)
        for token in extending { longest[Int(token)] = 0 }
        extending.removeAll(keepingCapacity: true)
    }

    private func penalize(_ candidates: inout Candidates) {
        guard !extending.isEmpty else { return }
        let isWhole = candidates.isWholeVocabulary
        let logits = candidates.edit()
        if isWhole {
            for token in extending { logits[Int(token)] -= penalty(longest[Int(token)]) }
        } else {
            for place in 0..<candidates.count {
                let length = longest[Int(candidates.token(at: place))]
                if length > 0 { logits[place] -= penalty(length) }
            }
        }
    }

    /// - Parameter mark: the length of the repeat, and one.
    private func penalty(_ mark: Int32) -> Float {
        // Beyond the range of a float the exponent grows no more.
        let greatest = base > 1.000001 ? Int(88.722_839 / logf(base)) : .max
        let exponent = min(Int(mark) - 1 - allowedLength, greatest)
        return Float(Double(multiplier) * pow(Double(base), Double(exponent)))
    }

    /// The Z algorithm (Gusfield, "Algorithms on strings, trees and sequences", 1997, section 1.3) from the end
    /// backwards: linear, because each token is compared at the right edge of the known match once.
    private mutating func measureRepeats() {
        let count = history.count
        var (start, end) = (0, 0)
        for distance in 1..<max(1, count) {
            var length = distance < end ? min(repeats[distance - start], end - distance) : 0
            while distance + length < count, history[length] == history[distance + length] { length += 1 }
            repeats[distance] = length
            if distance + length > end { (start, end) = (distance, distance + length) }
        }
    }
}
