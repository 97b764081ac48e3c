/// When something that does not pay is tried all the same, to see whether it would: ever more rarely.
struct ProbePause {
    private var waited = 0
    private var patience = Self.shortest

    /// Occasions between the first tries, and between later ones at most.
    private static let shortest = 16
    private static let longest = 1024

    /// Whether it is to be done on this occasion.
    ///
    /// - Parameter pays: whether it is expected to pay.
    mutating func allows(_ pays: Bool) -> Bool {
        if pays {
            (waited, patience) = (0, Self.shortest)
            return true
        }
        waited += 1
        guard waited > patience else { return false }
        (waited, patience) = (0, min(2 * patience, Self.longest))
        return true
    }

    /// Says that it was allowed and could not be done: the next occasion will do.
    mutating func insist() { waited = patience }
}
