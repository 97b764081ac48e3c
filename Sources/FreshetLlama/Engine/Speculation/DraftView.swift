internal import Freshet

/// What of a generation's tokens a model that guesses has in memory: all of them from the first, or only those from a later
/// one on, which are read in a moment and show nearly as well whether its guesses are of use.
struct DraftView {
    /// How many of the generation's tokens are left out before those in memory.
    private(set) var start = 0
    /// The tokens in memory.
    private(set) var tokens: [Token] = []

    /// The last tokens of a generation, with which a view begins that does not see all.
    static let end = 64

    /// How many tokens are to be read before the next guess.
    ///
    /// - Parameters:
    ///   - generation: the generation's tokens, one at least.
    ///   - seesAll: whether all of them are to be in memory. Otherwise it begins with the last ones, where those before
    ///     are more to read than has been read.
    func unread(of generation: [Token], seesAll: Bool) -> Int {
        let (start, kept) = way(into: generation, seesAll: seesAll)
        return generation.count - start - kept
    }

    /// Keeps what is still of the generation, but for its last token, whose logits are wanted anew; or begins elsewhere. The
    /// parameters are those of ``unread(of:seesAll:)``.
    mutating func follow(_ generation: [Token], seesAll: Bool) {
        let (start, kept) = way(into: generation, seesAll: seesAll)
        self.start = start
        tokens.removeLast(tokens.count - kept)
    }

    /// Says that one more token is in memory.
    mutating func append(_ token: Token) { tokens.append(token) }

    /// Where it is to begin, and how many of its tokens stay in memory.
    private func way(into generation: [Token], seesAll: Bool) -> (start: Int, kept: Int) {
        let kept = zip(tokens, generation.dropFirst(start).dropLast()).prefix { $0 == $1 }.count
        let unread = generation.count - start - kept
        if seesAll { return start == 0 ? (0, kept) : (0, 0) }
        // What was left out of a generation that has become shorter is not of it.
        let isBehind = unread <= 0 || unread > Self.end && unread > kept
        return isBehind ? (max(generation.count - Self.end, 0), 0) : (start, kept)
    }
}
