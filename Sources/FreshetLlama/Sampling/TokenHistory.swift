import Freshet

/// The last tokens of a sequence, prompt included: a ring that forgets the oldest.
struct TokenHistory {
    private var ring: [Token]
    private var next = 0
    /// How many tokens it holds.
    private(set) var count = 0

    /// How many tokens to hold for a penalty that looks at the last `count`, or, where that is negative, at the whole
    /// context. There are never more than the context holds, however many are asked for.
    static func capacity(_ count: Int, contextLength: Int) -> Int {
        count < 0 ? contextLength : min(count, contextLength)
    }

    /// Room for `capacity` tokens, at least one.
    init(capacity: Int) { ring = [Token](repeating: 0, count: max(1, capacity)) }

    /// Adds a token.
    ///
    /// - Returns: the token that was forgotten for it, when the ring was full.
    mutating func append(_ token: Token) -> Token? {
        let forgotten = count == ring.count ? ring[next] : nil
        ring[next] = token
        next = next + 1 == ring.count ? 0 : next + 1
        count = min(count + 1, ring.count)
        return forgotten
    }

    /// The token `distance` before the last one; 0 is the last one.
    subscript(distance: Int) -> Token {
        let place = next - 1 - distance
        return ring[place < 0 ? place + ring.count : place]
    }
}
