/// How likely a drafted token is to be the one that is drawn, learned for each degree of confidence in it: how many tokens
/// before it agreed with what is copied, or how sure a model is.
///
/// Every token of an answer teaches, whether its draft was computed or not, so that a text that begins to repeat itself is
/// noticed.
package struct DraftAcceptance: Sendable {
    private struct Count: Sendable {
        var kept = 0.0
        var tried = 0.0

        mutating func add(isKept: Bool) {
            kept = kept * DraftAcceptance.weightKept + (isKept ? 1 : 0)
            tried = tried * DraftAcceptance.weightKept + 1
        }

        func estimate(believing belief: Double) -> Double {
            (kept + DraftAcceptance.priorWeight * belief) / (tried + DraftAcceptance.priorWeight)
        }
    }

    private var prior: Double
    private var counts: [Count]
    private var all = Count()
    /// The observations so far.
    private(set) var observationCount = 0

    /// What each observation leaves of the earlier ones' weight: about the last thirty count.
    private static let weightKept = 0.97
    /// How many observations the belief before them counts for.
    private static let priorWeight = 1.0
    /// A chance that no batch is worth.
    package static let leastChance = 0.05

    /// Nothing is known.
    ///
    /// - Parameters:
    ///   - places: the degrees of confidence, from the least.
    ///   - prior: what is believed before anything is seen.
    package init(places: Int, prior: Double) {
        counts = [Count](repeating: Count(), count: places)
        self.prior = prior
    }

    /// How likely a token of that confidence is kept. What it has not shown yet, the lesser ones tell for it.
    package func probability(_ place: Int) -> Double {
        counts[...place].reduce(prior) { belief, count in count.estimate(believing: belief) }
    }

    /// How likely any token is kept.
    package var mean: Double { all.estimate(believing: prior) }

    /// How many tokens were kept, and of how many; the earlier ones count for less.
    var total: (kept: Double, tried: Double) { (all.kept, all.tried) }

    /// How likely each token of a draft is kept, together with all before it. Chances below ``leastChance`` are left out.
    ///
    /// - Parameter places: the confidence in each.
    package func chances(_ places: some Sequence<Int>) -> [Double] {
        var chances: [Double] = []
        var chance = 1.0
        for place in places {
            chance *= probability(place)
            guard chance >= Self.leastChance else { break }
            chances.append(chance)
        }
        return chances
    }

    /// The same observations, where something else was believed before them.
    func believing(_ prior: Double) -> DraftAcceptance {
        var other = self
        other.prior = prior
        return other
    }

    /// Says what became of a drafted token all before which were kept.
    package mutating func observe(_ place: Int, isKept: Bool) {
        observationCount += 1
        counts[place].add(isKept: isKept)
        all.add(isKept: isKept)
    }
}
