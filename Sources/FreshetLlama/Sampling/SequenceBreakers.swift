import Freshet

/// The texts at which ``DRY`` starts anew, as tokens.
///
/// A text may lie within one token, or begin in one and go on in the next; so each token that holds the text, or ends
/// with the beginning of it, is a head, with the tokens that must follow it.
package struct SequenceBreakers: Sendable {
    /// Longer texts are cut to so many bytes.
    static let byteLimit = 40
    /// A head needs at most so many tokens after it.
    static let tailLimit = 20

    private var tails: [Token: [[Token]]] = [:]

    /// None.
    package init() {}

    /// Finds the heads of every text in a vocabulary. Empty texts are left out.
    ///
    /// - Parameters:
    ///   - tokenBytes: the bytes of a token.
    ///   - tokenize: the tokens of bytes, without special ones; the bytes may begin inside a character.
    init(_ texts: [String], vocabularySize: Int, tokenBytes: (Token) -> [UInt8], tokenize: ([UInt8]) -> [Token]) {
        var texts = texts.filter { !$0.isEmpty }.map { Text(bytes: Array($0.utf8.prefix(Self.byteLimit))) }
        guard !texts.isEmpty else { return }
        var begins = [Bool](repeating: false, count: 256)
        for text in texts { begins[Int(text.bytes[0])] = true }
        for token in 0..<Token(vocabularySize) {
            let bytes = tokenBytes(token)
            guard bytes.contains(where: { begins[Int($0)] }) else { continue }
            for place in texts.indices {
                for tail in texts[place].tails(after: bytes, tokenize: tokenize)
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

    private struct Text {
        let bytes: [UInt8]
        /// By how many of the bytes come before: the tokens of the rest. A vocabulary has thousands of tokens that end
        /// with the same few bytes, and tokenising is the dear part.
        private var rests: [Int: [Token]] = [:]

        init(bytes: [UInt8]) { self.bytes = bytes }

        /// What must follow a token for the text to be complete, once for each way in which the token holds its
        /// beginning; nothing needs to follow where it holds all of it.
        mutating func tails(after token: [UInt8], tokenize: ([UInt8]) -> [Token]) -> [[Token]] {
            var found: [[Token]] = []
            for start in token.indices where token[start] == bytes[0] {
                let overlap = min(bytes.count, token.count - start)
                guard token[start..<start + overlap].elementsEqual(bytes[..<overlap]) else { continue }
                if overlap == bytes.count { return [[]] }
                let tail = rest(after: overlap, tokenize: tokenize)
                if !tail.isEmpty { found.append(tail) }
            }
            return found
        }

        private mutating func rest(after overlap: Int, tokenize: ([UInt8]) -> [Token]) -> [Token] {
            if let known = rests[overlap] { return known }
            let tokens = Array(tokenize(Array(bytes[overlap...])).prefix(tailLimit))
            rests[overlap] = tokens
            return tokens
        }
    }
}
