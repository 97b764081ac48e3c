/// What became of a model's guesses in answers before, of which the next one is believed to be like: so that a model which is
/// seldom right is not made to read every prompt.
struct DraftExperience {
    /// What was last seen of the answer in each slot.
    private var latest: [DraftAcceptance?]
    private var kept: Double
    private var tried: Double
    /// The guesses that were seen in answers which have ended.
    private(set) var guessCount = 0

    /// What each answer leaves of the earlier ones' weight: about the last five count.
    private static let weightKept = 0.8
    /// How many guesses the belief before them counts for.
    private static let priorWeight = 2.0

    /// Nothing is known.
    ///
    /// - Parameter prior: what is believed before anything is seen.
    init(slotCount: Int, prior: Double) {
        latest = Array(repeating: nil, count: slotCount)
        (kept, tried) = (prior * Self.priorWeight, Self.priorWeight)
    }

    /// How likely a guess in the next answer is right.
    var mean: Double { kept / tried }

    /// Says what was seen so far of the answer in a slot. One of which less was seen than before is the next one.
    mutating func observe(_ acceptance: DraftAcceptance, in slot: Int) {
        defer { latest[slot] = acceptance }
        guard let last = latest[slot], acceptance.observationCount < last.observationCount else { return }
        kept = kept * Self.weightKept + last.total.kept
        tried = tried * Self.weightKept + last.total.tried
        guessCount += last.observationCount
    }
}
