package import Freshet

/// Where a text repeats itself: finds the longest run of last tokens that stood earlier in the sequence, and drafts what
/// followed there.
///
/// That is prompt lookup decoding (Saxena 2023; Yang et al. 2023, "Inference with Reference"), with an index instead of a
/// search. Tables of n-grams by their hash tell where each stood last, as in the match model of PAQ (Mahoney 2005); what
/// they tell is compared token by token, so that a collision costs a draft and no more. The place that was copied from
/// last is followed too, also past a token that differed: an edit replaces a word, and then the copy goes on.
///
/// A value. Taking in a token costs a few operations, and the tables take some 50 bytes for each token of the context, at
/// most 1.6 MB.
package struct PromptLookup: Sendable {
    /// A run of tokens that stood in the sequence before.
    package struct Match: Sendable, Hashable {
        /// The place of the token that followed it there.
        package var source: Int
        /// How many tokens before that place are the sequence's last ones; counted up to ``PromptLookup/longest``.
        package var length: Int
    }

    /// What is believed of drafts before there are any.
    package static var acceptance: DraftAcceptance { DraftAcceptance(places: confidence(longest) + 1, prior: 0.3) }

    /// The confidence in a token before which so many agreed: a long run of them makes the next one likely to agree too.
    package static func confidence(_ length: Int) -> Int {
        let length = min(length, longest)
        return length.bitWidth - length.leadingZeroBitCount
    }

    /// Where a match's length is no longer counted: it says no more.
    package static let longest = 32

    /// The lengths of n-grams that are looked up.
    private static let orders = [2, 4, 8]
    /// The most places of a table.
    private static let placeLimit = 1 << 17

    /// For each order, by the hash of an n-gram: the place after its last occurrence, or 0.
    private var tables: [[UInt32]]
    /// The places before which every n-gram is in the tables.
    private var learned = 0
    /// The place to copy from next, where the last draft was right so far.
    private var followed: Int?

    /// Nothing is known.
    ///
    /// - Parameter contextLength: the most tokens that the sequence will have.
    package init(contextLength: Int) {
        // Four for each token, so that few occurrences are lost to a later n-gram of the same hash.
        let wanted = min(4 * min(max(contextLength, 64), Self.placeLimit), Self.placeLimit)
        let places = 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount)
        tables = Self.orders.map { _ in [UInt32](repeating: 0, count: places) }
    }

    /// Takes in what is new in the sequence, which has only grown since the last time.
    package mutating func learn(_ tokens: [Token]) {
        guard tokens.count > learned else { return }
        // The last n-gram has nothing behind it yet: it would be found in place of its earlier occurrence.
        for end in max(learned, 1)..<tokens.count {
            for (number, order) in Self.orders.enumerated() where order <= end {
                tables[number][place(of: tokens[(end - order)..<end])] = UInt32(truncatingIfNeeded: end)
            }
        }
        followed = followed.map { $0 + tokens.count - learned }.flatMap { $0 < tokens.count ? $0 : nil }
        learned = tokens.count
    }

    /// Forgets everything: the sequence has become another.
    package mutating func reset() {
        for number in tables.indices { tables[number] = tables[number].map { _ in 0 } }
        (learned, followed) = (0, nil)
    }

    /// The longest match of a sequence's end, of equal ones that which is followed already, else the latest. All of the
    /// sequence has been learned.
    package mutating func match(in tokens: [Token]) -> Match? {
        var best = followed.map { Match(source: $0, length: agreement(before: $0, in: tokens)) }
        for (number, order) in Self.orders.enumerated().reversed() where order < tokens.count {
            let source = Int(tables[number][place(of: tokens.suffix(order))])
            guard source > 0, source < tokens.count else { continue }
            let length = agreement(before: source, in: tokens)
            if length > (best?.length ?? 0) { best = Match(source: source, length: length) }
        }
        followed = best?.source
        return best
    }

    /// What follows a match, up to `limit` tokens. A copy that reaches the sequence's end goes on with itself.
    package func continuation(of match: Match, in tokens: [Token], limit: Int) -> [Token] {
        let period = tokens.count - match.source
        return (0..<limit).map { tokens[match.source + $0 % period] }
    }

    private func agreement(before source: Int, in tokens: [Token]) -> Int {
        let limit = min(source, Self.longest)
        var length = 0
        while length < limit, tokens[source - 1 - length] == tokens[tokens.count - 1 - length] { length += 1 }
        return length
    }

    /// Multiplicative hashing (Knuth), over the n-gram's tokens in order.
    private func place(of ngram: ArraySlice<Token>) -> Int {
        var hash: UInt64 = 0
        for token in ngram { hash = (hash ^ UInt64(UInt32(bitPattern: token)) &+ 1) &* 0x9E37_79B9_7F4A_7C15 }
        return Int(hash >> 32) & (tables[0].count - 1)
    }
}
