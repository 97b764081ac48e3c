/// What a batch with drafts will give and take, while a model is still guessing: whether another guess makes answers come
/// faster. See ``DraftPlan`` for what is computed of the guesses in the end.
struct DraftOutlook {
    /// The batch's tokens without drafts, each of which gives a token; at least 1.
    let running: Int
    /// The most tokens that the batch may have.
    let limit: Int
    /// The longest that guessing and the batch may take together.
    let longest: Duration
    /// What a batch of so many tokens takes; `nil` where nothing is known.
    let duration: (Int) -> Duration?
    /// What guessing has taken so far.
    var spent = Duration.zero
    /// What a further guess for every stream takes.
    var step = Duration.zero
    /// The chances of the guesses so far.
    private var chances: [Double] = []

    /// How far it is looked ahead: kernels take several tokens in the time of one, so that the first alone may not pay.
    private static let horizon = 8

    /// A batch without drafts.
    init(running: Int, limit: Int, longest: Duration, duration: @escaping (Int) -> Duration?) {
        self.running = running
        self.limit = limit
        self.longest = longest
        self.duration = duration
    }

    /// Takes in a guess that is kept, together with all before it in its stream, with that chance.
    mutating func add(chance: Double) { chances.append(chance) }

    /// Whether more guesses are expected to give more tokens a second than none.
    ///
    /// - Parameter streams: of each stream that would get one, the chance that all its guesses so far are kept, and how
    ///   likely a guess is kept on average.
    func paysToGoOn(_ streams: [(chance: Double, belief: Double)]) -> Bool {
        var (tokens, expected, spent) = (running + chances.count, chances.reduce(Double(running), +), self.spent)
        guard !streams.isEmpty, let now = duration(tokens), now > .zero else { return false }
        let rate = expected / ((now + spent) / .seconds(1)) * (chances.isEmpty ? DraftPlan.leastGain : 1)
        var streams = streams
        for _ in 0..<Self.horizon {
            for place in streams.indices { streams[place].chance *= streams[place].belief }
            expected += streams.reduce(0) { $0 + $1.chance }
            tokens += streams.count
            spent += step
            guard tokens <= limit, let time = duration(tokens), time + spent <= longest else { return false }
            if expected / ((time + spent) / .seconds(1)) > rate { return true }
        }
        return false
    }
}
