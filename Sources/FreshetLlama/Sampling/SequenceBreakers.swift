import Freshet

/// The texts at which ``DRY`` starts anew, as tokens.
///
/// A text may lie within one token, or begin in one and go on in the next; so each token that holds the text, or ends
/// with the beginning of it, is a head, with the tokens that must follow it.
struct SequenceBreakers {
    /// Longer texts are cut to so many bytes.
    static let byteLimit = 40
    /// A head needs at most so many tokens after it.
    static let tailLimit = 20

    private var tails: [Token: [[Token]]] = [:]

    /// Finds the heads of every text in a vocabulary. Empty texts are left out.
    ///
    /// - Parameters:
    ///   - tokenBytes: the bytes of a token.
    ///   - tokenize: the tokens of bytes, without special ones; the bytes may begin inside a character.
    init(_ texts: [String], vocabularySize: Int, tokenBytes: (Token) -> [UInt8], tokenize: ([UInt8]) -> [Token]) {
        let texts = texts.filter { !$0.isEmpty }.map { Array($0.utf8.prefix(Self.byteLimit)) }
        guard !texts.isEmpty else { return }
        for token in 0..<Token(vocabularySize) {
            let bytes = tokenBytes(token)
            for text in texts {
                for tail in Self.tails(of: text, after: bytes, tokenize: tokenize)
                where tails[token]?.contains(tail) != true {
                    tails[token, default: []].append(tail)
                }
            }
        }
    }

    /// Whether a token alone starts anew.
    func isBreaker(_ token: Token) -> Bool { tails[token]?.contains([]) ?? false }

    /// How many tokens there are after the last breaker; all of them when there is none.
    func distance(in history: TokenHistory) -> Int {
        for place in 0..<history.count {
            guard let tails = tails[history[place]] else { continue }
            var longest = -1
            for tail in tails where tail.count > longest && tail.count <= place {
                if tail.indices.allSatisfy({ tail[$0] == history[place - 1 - $0] }) { longest = tail.count }
            }
            if longest >= 0 { return place - longest }
        }
        return history.count
    }

    private static func tails(of text: [UInt8], after bytes: [UInt8], tokenize: ([UInt8]) -> [Token]) -> [[Token]] {
        var found: [[Token]] = []
        for start in bytes.indices where bytes[start] == text[0] {
            let overlap = min(text.count, bytes.count - start)
            guard bytes[start..<start + overlap].elementsEqual(text[..<overlap]) else { continue }
            if overlap == text.count { return [[]] }
            let tail = tokenize(Array(text[overlap...])).prefix(tailLimit)
            if !tail.isEmpty { found.append(Array(tail)) }
        }
        return found
    }
}
