internal import Freshet

/// What one answer is expected to go on with, and how likely that is (speculative decoding; Leviathan, Kalman and Matias
/// 2023).
///
/// It proposes and learns; how much of the draft is computed, the scheduler decides. A draft changes no draw: it says only
/// for which tokens logits are computed before they are asked for.
struct Speculation: Sendable {
    /// Tokens that may follow the sequence's last one.
    private(set) var draft: [Token] = []
    /// How likely each of them is to be drawn, together with all before it.
    private(set) var chances: [Double] = []
    private var agreement = 0
    /// How many of the draft's tokens have been drawn; all of them once one differed.
    private var drawn = 0
    private var lookup: PromptLookup
    private var acceptance = DraftAcceptance()

    /// The longest draft.
    private static let limit = 32

    /// Nothing is known yet.
    init(contextLength: Int) { lookup = PromptLookup(contextLength: contextLength) }

    /// Looks for what may follow the sequence. There is no draft.
    ///
    /// - Parameters:
    ///   - tokens: the sequence, with the token just drawn at its end.
    ///   - limit: the most tokens that can be of use.
    mutating func prepare(after tokens: [Token], limit: Int) {
        lookup.learn(tokens)
        guard let match = lookup.match(in: tokens) else { return }
        agreement = match.length
        chances = acceptance.chances(agreement: agreement, count: min(Self.limit, limit))
        // One at least, which teaches.
        draft = lookup.continuation(of: match, in: tokens, limit: max(chances.count, 1))
    }

    /// Says which token was drawn.
    mutating func observe(_ token: Token) {
        guard drawn < draft.count else { return }
        let isKept = draft[drawn] == token
        acceptance.observe(agreement: agreement + drawn, isKept: isKept)
        drawn = isKept ? drawn + 1 : draft.count
    }

    /// Forgets the draft.
    mutating func clear() { (draft, chances, drawn) = ([], [], 0) }

    /// Forgets where tokens stood: some were taken out of the sequence.
    mutating func restart() {
        clear()
        lookup.reset()
    }
}
