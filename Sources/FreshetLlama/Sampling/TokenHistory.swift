import Freshet

/// The last tokens of a sequence, prompt included: a ring that forgets the oldest.
struct TokenHistory {
    private var ring: [Token]
    private var next = 0
    /// How many tokens it holds.
    private(set) var count = 0

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

/// How often each token of a vocabulary occurs, and which do.
struct TokenCounts {
    private var counts: [Int32]
    /// Where each present token stands in ``tokens``.
    private var places: [Int32]
    /// The tokens that occur, each once, in no order.
    private(set) var tokens: [Token] = []

    /// Counts for a vocabulary, of which at most `distinct` different tokens will be present at a time.
    init(vocabularySize: Int, distinct: Int) {
        counts = [Int32](repeating: 0, count: vocabularySize)
        places = counts
        tokens.reserveCapacity(min(vocabularySize, distinct))
    }

    /// How often a token of the vocabulary occurs.
    subscript(token: Token) -> Int32 { counts[Int(token)] }

    mutating func insert(_ token: Token) {
        if counts[Int(token)] == 0 {
            places[Int(token)] = Int32(tokens.count)
            tokens.append(token)
        }
        counts[Int(token)] += 1
    }

    mutating func remove(_ token: Token) {
        counts[Int(token)] -= 1
        guard counts[Int(token)] == 0 else { return }
        let place = Int(places[Int(token)])
        tokens.swapAt(place, tokens.count - 1)
        places[Int(tokens[place])] = Int32(place)
        tokens.removeLast()
    }
}
