/// Who is late first, of many that wait: a binary heap (Williams 1964), so that neither joining nor the look at the
/// clock costs more with everyone who waits.
///
/// Who waits no longer stays in it until its time has come or ``compact(keeping:)`` is called.
struct DeadlineHeap {
    private typealias Item = (expiry: ContinuousClock.Instant, ticket: UInt64)

    private var items: [Item] = []

    /// How many are in it.
    var count: Int { items.count }

    /// The first to be late.
    var first: (expiry: ContinuousClock.Instant, ticket: UInt64)? { items.first }

    /// Adds somebody.
    mutating func insert(_ ticket: UInt64, until expiry: ContinuousClock.Instant) {
        items.append((expiry, ticket))
        var place = items.count - 1
        while place > 0, items[place].expiry < items[(place - 1) / 2].expiry {
            items.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Takes the first to be late out.
    mutating func removeFirst() {
        guard let last = items.popLast(), !items.isEmpty else { return }
        items[0] = last
        sink(0)
    }

    /// Lets all go that wait no longer.
    mutating func compact<Waiter>(keeping line: [UInt64: Waiter]) {
        items.removeAll { line[$0.ticket] == nil }
        for place in (0..<items.count / 2).reversed() { sink(place) }
    }

    private mutating func sink(_ place: Int) {
        var place = place
        while true {
            let children = (2 * place + 1..<2 * place + 3).filter { $0 < items.count }
            guard let least = children.min(by: { items[$0].expiry < items[$1].expiry }),
                items[least].expiry < items[place].expiry
            else { return }
            items.swapAt(place, least)
            place = least
        }
    }
}
