extension [String] {
    /// The element that a mistyped word was most likely meant to be; `nil` when none is near.
    func nearest(to typed: String) -> String? {
        // A long word costs time without ever being near.
        guard typed.count <= 64 else { return nil }
        let bare = typed.drop { $0 == "-" }
        if bare.count >= 3, let whole = first(where: { $0.drop { $0 == "-" }.hasPrefix(bare) }) { return whole }
        let ranked = map { (word: $0, distance: $0.editDistance(to: typed)) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= Swift.max(1, typed.count / 3) ? best.word : nil
    }
}

extension String {
    /// How many letters must be inserted, left out, changed or swapped with a neighbour to make `other`: the optimal
    /// string alignment distance.
    func editDistance(to other: String) -> Int {
        let (from, to) = (Array(self), Array(other))
        var before: [Int] = []
        var above = Array(0...to.count)
        for i in from.indices {
            var row = [i + 1]
            for j in to.indices {
                let change = above[j] + (from[i] == to[j] ? 0 : 1)
                var best = Swift.min(above[j + 1] + 1, row[j] + 1, change)
                if i > 0, j > 0, from[i] == to[j - 1], from[i - 1] == to[j] {
                    best = Swift.min(best, before[j - 1] + 1)
                }
                row.append(best)
            }
            (before, above) = (above, row)
        }
        return above[to.count]
    }
}
