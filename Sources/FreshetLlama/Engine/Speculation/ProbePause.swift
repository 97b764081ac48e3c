/// When something that does not pay is tried all the same, to see whether it would: ever more rarely, and such that all tries
/// together take a small part of the time.
struct ProbePause {
    private var waited = 0
    private var patience = Self.shortest
    /// The time since the last try.
    private var passed = Duration.zero
    /// What the last try took.
    private var cost = Duration.zero
    /// Whether a try is under way.
    private var isTrying = false
    private let rarity: Int

    /// Occasions between the first tries, and between later ones at most.
    private static let shortest = 16
    private static let longest = 1024

    /// - Parameter rarity: how many times as long as a try it is at least to the next one.
    init(rarity: Int = 128) { self.rarity = rarity }

    /// Whether it is to be done on this occasion.
    ///
    /// - Parameters:
    ///   - pays: whether it is expected to pay.
    ///   - occasion: what passes until the next one.
    ///   - price: about what a try takes; asked for only now and then.
    mutating func allows(_ pays: Bool, occasion: Duration, price: @autoclosure () -> Duration = .zero) -> Bool {
        passed += occasion
        if pays {
            (waited, patience, isTrying) = (0, Self.shortest, false)
            return true
        }
        if isTrying { return true }
        waited += 1
        guard waited > patience, passed >= cost * rarity else { return false }
        waited = 0
        guard passed >= price() * rarity else { return false }
        patience = min(2 * patience, Self.longest)
        (passed, cost, isTrying) = (.zero, .zero, true)
        return true
    }

    /// Says what was spent on an occasion that was allowed.
    ///
    /// - Parameter isDone: whether it was done; if not, it goes on on the next occasion.
    mutating func spend(_ time: Duration, isDone: Bool) {
        guard isTrying else { return }
        cost += time
        isTrying = !isDone
    }
}
