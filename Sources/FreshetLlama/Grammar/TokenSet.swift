internal import Freshet

/// A set of tokens, a bit for each of the vocabulary.
struct TokenSet: Sendable, Hashable {
    /// 64 tokens a word.
    private(set) var words: [UInt64]
    private let capacity: Int

    /// The empty set.
    init(capacity: Int) {
        self.capacity = capacity
        words = [UInt64](repeating: 0, count: (capacity + 63) / 64)
    }

    /// Adds a token, if the vocabulary has it.
    mutating func insert(_ token: Token) {
        guard 0..<capacity ~= Int(token) else { return }
        words[Int(token) >> 6] |= 1 << UInt64(token & 63)
    }

    /// Takes a token out.
    mutating func remove(_ token: Token) {
        guard 0..<capacity ~= Int(token) else { return }
        words[Int(token) >> 6] &= ~(1 << UInt64(token & 63))
    }

    /// Whether a token is in the set.
    func contains(_ token: Token) -> Bool {
        0..<capacity ~= Int(token) && words[Int(token) >> 6] >> UInt64(token & 63) & 1 == 1
    }

    /// Calls a function with each token, in order.
    func forEach(_ body: (Token) -> Void) {
        for (place, word) in words.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                body(Token(place << 6 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
    }
}
