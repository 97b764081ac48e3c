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

    /// How many tokens are in the set.
    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Calls a function with each token of the set, in order.
    func forEach(_ body: (Token) -> Void) {
        for (place, word) in words.enumerated() { Self.forEach(in: word, from: place << 6, body) }
    }

    /// Calls a function with each token of the vocabulary that is not in the set, in order.
    func forEachOther(_ body: (Token) -> Void) {
        for (place, word) in words.enumerated() {
            let known = capacity - place << 6
            Self.forEach(in: ~word & (known < 64 ? 1 << UInt64(known) - 1 : .max), from: place << 6, body)
        }
    }

    private static func forEach(in word: UInt64, from first: Int, _ body: (Token) -> Void) {
        var rest = word
        while rest != 0 {
            body(Token(first + rest.trailingZeroBitCount))
            rest &= rest - 1
        }
    }
}
