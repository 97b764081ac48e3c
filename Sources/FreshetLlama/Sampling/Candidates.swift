import Freshet

/// The tokens that may still be chosen, each with its logit: what the stages of a ``Sampler`` narrow and reshape.
///
/// At first it stands for the whole vocabulary and only points to the model's logits, which it never writes. The first
/// stage that narrows it copies the few survivors; a stage that changes logits copies them all. Every buffer is made in
/// `init`.
struct Candidates: ~Copyable {
    private struct Buffer {
        let logits: UnsafeMutablePointer<Float>
        let tokens: UnsafeMutablePointer<Token>

        init(capacity: Int) {
            logits = .allocate(capacity: capacity)
            tokens = .allocate(capacity: capacity)
        }

        func deallocate() {
            logits.deallocate()
            tokens.deallocate()
        }
    }

    private let capacity: Int
    private let selector: LargestSelector
    /// Holds the candidates, unless they are still the model's own logits.
    private var front: Buffer
    /// Takes the survivors of the next stage; between stages it is scratch.
    private var back: Buffer

    /// `exp(logit - maximum)` of each candidate, after ``weigh()``.
    let weights: UnsafeMutablePointer<Float>
    /// The logits, by place.
    private(set) var logits: UnsafePointer<Float>
    /// The tokens, by place; `nil` while the place is the token.
    private var tokens: UnsafePointer<Token>?
    /// How many places there are.
    private(set) var count = 0
    /// How many candidates were dropped only because they have no probability. llama.cpp keeps such ones in its list,
    /// and counts them when it keeps a fewest number and when it compares an entropy with the greatest possible.
    private var impossible = 0
    /// Whether the places go from the largest logit to the smallest.
    private var isSorted = false

    /// Room for a vocabulary of `capacity` tokens.
    init(capacity: Int) {
        self.capacity = capacity
        selector = LargestSelector(capacity: capacity)
        (front, back) = (Buffer(capacity: capacity), Buffer(capacity: capacity))
        weights = .allocate(capacity: capacity)
        logits = UnsafePointer(front.logits)
    }

    deinit {
        front.deallocate()
        back.deallocate()
        weights.deallocate()
    }

    /// Makes every token of the vocabulary a candidate.
    ///
    /// - Parameter logits: one for each token; they must stay valid and unchanged until the token is chosen.
    mutating func reset(to logits: UnsafePointer<Float>) {
        (self.logits, tokens, count, impossible, isSorted) = (logits, nil, capacity, 0, false)
    }

    /// Candidates, and those that llama.cpp would still count.
    var nominalCount: Int { count + impossible }

    /// Whether each place is still the token of that number.
    var isWholeVocabulary: Bool { tokens == nil }

    /// The token at a place.
    func token(at place: Int) -> Token { tokens?[place] ?? Token(truncatingIfNeeded: place) }
}

// MARK: - Changing

extension Candidates {
    /// The logits, to be changed.
    ///
    /// - Parameter keepsOrder: whether the larger of two logits will still be the larger.
    mutating func edit(keepsOrder: Bool = false) -> UnsafeMutablePointer<Float> {
        isSorted = isSorted && keepsOrder
        if logits != UnsafePointer(front.logits) {
            front.logits.update(from: logits, count: count)
            logits = UnsafePointer(front.logits)
        }
        return front.logits
    }

    /// Keeps the `size` largest, sorted.
    mutating func keepLargest(_ size: Int) { keep(largest(size), isSorted: true, nominally: size) }

    /// Keeps the `size` largest of those that a function takes, sorted, if they are among the largest few.
    ///
    /// - Returns: false where they are not, and the candidates are as before.
    mutating func keepLargest(_ size: Int, where isTaken: (Token) -> Bool) -> Bool {
        let ranking = largest(LargestSelector.smallLimit)
        var kept = 0
        for rank in 0..<ranking.count where kept < size && isTaken(token(at: ranking[rank])) {
            copy(ranking[rank], to: kept)
            kept += 1
        }
        guard kept == size else { return false }
        adopt(size, isSorted: true)
        return true
    }

    /// Keeps those of a ranking, in its order.
    ///
    /// - Parameters:
    ///   - isSorted: whether that order is by logit.
    ///   - minimum: how many would be kept if there were so many, with those that have no probability.
    mutating func keep(_ ranking: Ranking, isSorted: Bool, nominally minimum: Int) {
        let nominal = min(minimum, nominalCount)
        if ranking.places == nil {
            count = ranking.count
        } else {
            for rank in 0..<ranking.count { copy(ranking[rank], to: rank) }
            adopt(ranking.count, isSorted: isSorted)
        }
        impossible = max(0, nominal - count)
    }

    /// Keeps those whose logit is at least a threshold, in their order.
    mutating func keep(from threshold: Float) {
        var kept = 0
        FloatScan.forEach(in: logits, count: count, atLeast: threshold) { place in
            copy(place, to: kept)
            kept += 1
        }
        adopt(kept, isSorted: isSorted)
    }

    /// Counts all tokens but some of a vocabulary that is still whole as ones without probability.
    mutating func keep(_ allowed: TokenSet) {
        guard 2 * allowed.count < count else {
            let logits = edit()
            allowed.forEachOther { logits[Int($0)] = -.infinity }
            return
        }
        var kept = 0
        allowed.forEach { token in
            copy(Int(token), to: kept)
            kept += 1
        }
        let nominal = nominalCount
        adopt(kept, isSorted: false)
        impossible = nominal - count
    }

    /// Keeps those whose weight is under a threshold, and one more; in their order.
    mutating func keep(weightsUnder threshold: Float, and place: Int) {
        var kept = 0
        for candidate in 0..<count where weights[candidate] < threshold || candidate == place {
            copy(candidate, to: kept)
            kept += 1
        }
        let nominal = nominalCount - (count - kept)
        adopt(kept, isSorted: isSorted)
        impossible = nominal - kept
    }

    /// Counts the candidates under a threshold as ones without probability.
    mutating func excludeUnder(_ threshold: Float) {
        let nominal = nominalCount
        keep(from: threshold)
        impossible = nominal - count
    }

    private func copy(_ place: Int, to slot: Int) {
        back.logits[slot] = logits[place]
        back.tokens[slot] = token(at: place)
    }

    private mutating func adopt(_ size: Int, isSorted: Bool) {
        swap(&front, &back)
        (logits, tokens) = (UnsafePointer(front.logits), UnsafePointer(front.tokens))
        (count, impossible, self.isSorted) = (size, 0, isSorted)
    }
}

// MARK: - Measuring

extension Candidates {
    /// Places in an order, of which the first few are of interest. Valid until the next ranking is made.
    struct Ranking {
        /// How many places.
        let count: Int
        /// The places; `nil` when they are 0, 1, 2 and so on.
        let places: UnsafePointer<Int32>?

        /// The place of a rank, from 0.
        subscript(rank: Int) -> Int { places.map { Int($0[rank]) } ?? rank }
    }

    /// The largest logit; minus infinity when nothing can be chosen. Plus infinity is taken for the largest float, so
    /// that differences of logits stay numbers.
    mutating func maximum() -> Float {
        let maximum = isSorted && count > 0 ? logits[0] : FloatScan.maximum(logits, count: count)
        guard maximum == .infinity else { return maximum }
        let logits = edit(keepsOrder: true)
        for place in 0..<count where logits[place] == .infinity { logits[place] = .greatestFiniteMagnitude }
        return .greatestFiniteMagnitude
    }

    /// Writes ``weights``.
    ///
    /// - Returns: the largest logit and the sum of the weights; the sum is 0 when nothing can be chosen.
    mutating func weigh() -> (maximum: Float, total: Double) {
        let maximum = maximum()
        guard maximum > -.infinity else { return (maximum, 0) }
        return (maximum, FloatScan.exponentials(of: logits, count: count, maximum: maximum, into: weights))
    }

    /// The most likely candidates, likeliest first and equal ones by place: as few as reach a probability, but at least
    /// `minimum`; all that can be chosen where it is never reached.
    ///
    /// - Parameters:
    ///   - scores: where given, those come first for which it is largest, instead of the most likely.
    ///   - total: the sum of ``weights``.
    func first(
        by scores: UnsafePointer<Float>? = nil, reaching probability: Float, of total: Double, atLeast minimum: Int
    ) -> Ranking {
        rank(by: scores) { ranking in
            // Summed in single precision, as llama.cpp does, so that it is reached at the same candidate among equals.
            let divisor = Float(total)
            var sum = Float(0)
            for rank in 0..<ranking.count {
                sum += weights[ranking[rank]] / divisor
                if sum >= probability, rank + 1 >= minimum { return rank + 1 }
            }
            return nil
        }
    }

    /// The place at which the weights, summed from the most likely candidate on, reach a number.
    func place(reaching weight: Double) -> Int {
        let ranking = rank(by: nil) { ranking in
            var sum = 0.0
            for rank in 0..<ranking.count {
                sum += Double(weights[ranking[rank]])
                if sum >= weight { return rank + 1 }
            }
            return nil
        }
        return ranking[ranking.count - 1]
    }

    /// As many of the first candidates as `isEnough` says of a longer and longer ranking; all when it always says
    /// `nil`.
    private func rank(by scores: UnsafePointer<Float>?, _ isEnough: (Ranking) -> Int?) -> Ranking {
        // A few candidates nearly always hold nearly all the probability, so a few are sorted first.
        var size = LargestSelector.smallLimit
        while true {
            let ranking = scores.map { rank(size, by: $0) } ?? largest(size)
            if let enough = isEnough(ranking) { return Ranking(count: enough, places: ranking.places) }
            if size >= count { return ranking }
            size = min(size * 32, count)
        }
    }

    /// A score for each place, to be filled in and handed to ``first(by:reaching:of:atLeast:)`` at once.
    var scores: UnsafeMutablePointer<Float> { back.logits }

    /// The `size` most likely candidates, likeliest first.
    func largest(_ size: Int) -> Ranking {
        isSorted ? Ranking(count: min(size, count), places: nil) : rank(size, by: logits)
    }

    private func rank(_ size: Int, by scores: UnsafePointer<Float>) -> Ranking {
        let found = selector.find(size, of: scores, count: count)
        return Ranking(count: found, places: UnsafePointer(selector.indices))
    }
}
