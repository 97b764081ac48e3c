import Freshet
import FreshetTestSupport

/// A prompt and the answer that is dictated to it.
struct Dictation {
    /// What answers have to do with their prompts.
    enum Kind: String, CaseIterable {
        /// The prompt's text again, with one of twenty-five tokens replaced, left out or put in.
        case edit
        /// Another text: what it repeats, it repeats by chance, as any text does.
        case fresh
    }

    /// The prompt's tokens.
    let prompt: [Token]
    /// The answer's.
    let answer: [Token]

    /// What a model would take it for that is right about some of the answer's tokens, and about a wrong one's successors
    /// again.
    func guessed(rightOf rate: Double, using random: inout SeededGenerator) -> [Token] {
        prompt + answer.map { random.chance(rate) ? $0 : Self.word(using: &random) }
    }

    /// A dictation whose prompt and answer have about so many tokens each.
    ///
    /// - Parameter number: what tells it from others; its first token.
    init(_ kind: Kind, count: Int, number: Int, using random: inout SeededGenerator) {
        let document = Self.text(count, using: &random)
        prompt = [Token(number)] + Self.text(12, using: &random) + document
        switch kind {
        case .fresh: answer = Self.text(count, using: &random)
        case .edit:
            var edited: [Token] = []
            for token in document {
                guard random.chance(0.04) else {
                    edited.append(token)
                    continue
                }
                let change = random.pick([0, 1, 1, 2])
                if change > 0 { edited.append(Self.word(using: &random)) }
                if change > 1 { edited.append(token) }
            }
            answer = edited
        }
    }

    private static func text(_ count: Int, using random: inout SeededGenerator) -> [Token] {
        (0..<count).map { _ in word(using: &random) }
    }

    /// A token of a vocabulary in which few are frequent and many are rare, as words are (Zipf's law).
    private static func word(using random: inout SeededGenerator) -> Token {
        let number = Double.random(in: 0..<cumulative[cumulative.count - 1], using: &random)
        return Token(1000 + (cumulative.firstIndex { $0 >= number } ?? 0))
    }

    private static let cumulative: [Double] = (0..<5000).reduce(into: []) { sums, rank in
        sums.append((sums.last ?? 0) + 1 / (Double(rank) + 2.7))
    }
}
