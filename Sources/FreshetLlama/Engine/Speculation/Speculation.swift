internal import Freshet

/// What one answer is expected to go on with, and how likely that is (speculative decoding; Leviathan, Kalman and Matias
/// 2023).
///
/// It proposes and learns; how much of the draft is computed, the scheduler decides. A draft changes no draw: it says only
/// for which tokens logits are computed before they are asked for.
struct Speculation: Sendable {
    /// Tokens that may follow the sequence's last one.
    private(set) var draft: [Token] = []
    /// How likely each of them is to be drawn, together with all before it. Those that are left out are not worth it.
    private(set) var chances: [Double] = []
    /// The confidence in each of the draft's tokens.
    private var places: [Int] = []
    private var isModels = false
    /// How many of the draft's tokens have been drawn; all of them once one differed.
    private var drawn = 0
    private var lookup: PromptLookup
    private var lookupAcceptance = PromptLookup.acceptance
    /// What became of a model's guesses.
    private(set) var modelAcceptance = ModelDrafter.acceptance

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
        // One at least, which teaches.
        let count = max(min(Self.limit, limit), 1)
        places = (0..<count).map { PromptLookup.confidence(match.length + $0) }
        chances = limit > 0 ? lookupAcceptance.chances(places) : []
        draft = lookup.continuation(of: match, in: tokens, limit: count)
    }

    /// Whether a model's guess is more likely to be right than what was looked up.
    var prefersModel: Bool { modelAcceptance.mean > chances.first ?? 0 }

    /// Takes a model's guesses for the draft, where there are any.
    mutating func take(_ guesses: [ModelDrafter.Guess]) {
        guard !guesses.isEmpty else { return }
        clear()
        isModels = true
        places = guesses.map(\.sureness)
        chances = guesses.map(\.chance).prefix { $0 >= DraftAcceptance.leastChance }
        draft = guesses.map(\.token)
    }

    /// Says which token was drawn.
    mutating func observe(_ token: Token) {
        guard drawn < draft.count else { return }
        let isKept = draft[drawn] == token
        if isModels {
            modelAcceptance.observe(places[drawn], isKept: isKept)
        } else {
            lookupAcceptance.observe(places[drawn], isKept: isKept)
        }
        drawn = isKept ? drawn + 1 : draft.count
    }

    /// Forgets the draft.
    mutating func clear() { (draft, chances, places, drawn, isModels) = ([], [], [], 0, false) }

    /// Forgets where tokens stood: some were taken out of the sequence.
    mutating func restart() {
        clear()
        lookup.reset()
    }
}
