/// Whose turn it is among those who want something, by weight: start-time fair queueing (Goyal et al. 1996), in which
/// everyone has a virtual time that what it gets moves on by amount / weight, and the one with the least is next.
///
/// Who comes anew begins at the least virtual time of those present: having been away earns nothing. Nobody's virtual
/// time runs ahead of the least by more than a bound, and who was passed over for long enough goes first, so that ever
/// new arrivals cannot keep anybody out.
struct FairTurns<Key: Hashable & Comparable & Sendable>: Sendable {
    private struct Turn: Sendable {
        var weight: Int
        /// Counted from the least one's at the last beginning.
        var virtualTime: Double
        /// Rounds since it got something; 0 for who has just come.
        var waited: Int
    }

    private var turns: [Key: Turn] = [:]
    private let maxLead: Double

    /// Nobody is present.
    ///
    /// - Parameter maxLead: how far, as amount / weight, a virtual time may be ahead of the least.
    init(maxLead: Int) { self.maxLead = Double(maxLead) }

    /// Begins a round. Everybody else is forgotten.
    ///
    /// - Parameter weights: who wants something in it, and with which weight, at least 1.
    mutating func begin(_ weights: [Key: Int]) {
        let least = weights.keys.compactMap { turns[$0]?.virtualTime }.min() ?? 0
        var next: [Key: Turn] = [:]
        for (key, weight) in weights {
            var turn = turns[key] ?? Turn(weight: weight, virtualTime: least, waited: -1)
            turn.weight = max(weight, 1)
            turn.virtualTime = min(turn.virtualTime - least, maxLead)
            turn.waited += 1
            next[key] = turn
        }
        turns = next
    }

    /// Who is next of those that still want something in this round. It is given something, then.
    mutating func next(among candidates: some Sequence<Key>) -> Key? {
        let weights = turns.values.reduce(0) { $0 + $1.weight }
        func rank(_ key: Key) -> (isLate: Int, virtualTime: Double, isNew: Int, waited: Int, key: Key) {
            let turn = turns[key] ?? Turn(weight: 1, virtualTime: 0, waited: 0)
            // Alone in every round, it would be its turn once in weights / weight rounds.
            let isLate = turn.waited * turn.weight > 2 * (weights + turn.weight)
            return (isLate ? 0 : 1, isLate ? 0 : turn.virtualTime, turn.waited == 0 ? 0 : 1, -turn.waited, key)
        }
        let chosen = candidates.min { rank($0) < rank($1) }
        if let chosen { turns[chosen]?.waited = 0 }
        return chosen
    }

    /// Moves the virtual time on of somebody who got an amount. Who wants nothing in this round is passed over.
    mutating func charge(_ key: Key, _ amount: Int, weight: Int) {
        turns[key]?.virtualTime += Double(amount) / Double(max(weight, 1))
    }
}
