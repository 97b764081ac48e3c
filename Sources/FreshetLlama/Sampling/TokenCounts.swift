import Freshet

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
