/// Decides how much of running streams' drafts a batch computes: what gives the most tokens of answers a second.
///
/// Each stream gives one token, and of its draft as many as are kept on average: the sum of their chances. Drafted tokens
/// come in order of their chance, whoever's they are, so that one length of that list is to be chosen: the one at which
/// tokens divided by the batch's time is greatest. That is none where a batch of more tokens takes longer by what it
/// gives, as it does beside many streams, or where little of a draft is kept.
package enum DraftPlan {
    /// What a batch with drafts must be expected to gain over one without, because both are guesses.
    package static let leastGain = 1.05

    /// How many tokens of each draft are computed.
    ///
    /// - Parameters:
    ///   - drafts: of each stream that has one, how likely each token is kept together with all before it.
    ///   - running: the tokens of the batch without drafts, each of which gives a token; at least 1.
    ///   - limit: the most tokens of drafts together; none where it is not positive.
    ///   - duration: what a batch of so many tokens takes; `nil` where nothing is known.
    package static func lengths(
        of drafts: [[Double]], beside running: Int, limit: Int, duration: (Int) -> Duration?
    ) -> [Int] {
        var lengths = drafts.map { _ in 0 }
        guard let alone = duration(running), alone > .zero else { return lengths }
        var best = lengths
        var bestRate = leastGain * Double(running) / (alone / .seconds(1))
        var expected = Double(running)
        for count in 0..<max(limit, 0) {
            let open = drafts.indices.filter { lengths[$0] < drafts[$0].count }
            guard let next = open.max(by: { drafts[$0][lengths[$0]] < drafts[$1][lengths[$1]] }),
                let time = duration(running + count + 1)
            else { break }
            expected += drafts[next][lengths[next]]
            lengths[next] += 1
            let rate = expected / (time / .seconds(1))
            if rate > bestRate { (best, bestRate) = (lengths, rate) }
        }
        return best
    }
}
