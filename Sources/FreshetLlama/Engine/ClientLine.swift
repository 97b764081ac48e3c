/// The requests of one client that wait, in the order in which they came. Who leaves from the middle stays in the list
/// until an end of it comes there, or until those are most of it, so that leaving costs next to nothing.
struct ClientLine {
    private var tickets: [UInt64] = []
    /// Where the list begins: what is before has left.
    private var start = 0
    /// How many wait.
    private(set) var count = 0

    /// Lets a request wait behind the others.
    mutating func append(_ ticket: UInt64) {
        tickets.append(ticket)
        count += 1
    }

    /// Says that one of those that wait does no longer.
    ///
    /// - Parameter line: everybody who waits, without this one.
    mutating func leave(_ line: [UInt64: WaitingLine.Entry]) {
        count -= 1
        guard tickets.count > 2 * count + 16 else { return }
        tickets = tickets[start...].filter { line[$0] != nil }
        start = 0
    }

    /// The request that came first of those that wait.
    mutating func first(in line: [UInt64: WaitingLine.Entry]) -> UInt64? {
        while start < tickets.count, line[tickets[start]] == nil { start += 1 }
        return start < tickets.count ? tickets[start] : nil
    }

    /// The request that came last of those that wait.
    mutating func last(in line: [UInt64: WaitingLine.Entry]) -> UInt64? {
        while tickets.count > start, let last = tickets.last, line[last] == nil { tickets.removeLast() }
        return tickets.count > start ? tickets.last : nil
    }
}
