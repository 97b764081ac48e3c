internal import Freshet

/// Requests that wait for a slot: who gets the next one, and who is refused when too many wait.
///
/// The next slot goes to the client that runs least for its weight, among those to the one whose turn it is, and among
/// that client's requests to the first: a client with many requests does not keep another's single one waiting. When
/// the line is full, a newcomer takes the place of the newest request of the client with most in line, where that
/// client then still has as many in line as the newcomer's (longest queue drop; Suter et al., "Design considerations
/// for supporting TCP with per-flow queueing", 1998).
///
/// Looking for who is late costs nothing while nobody is, joining and leaving cost next to nothing, and giving a slot,
/// or refusing one, looks at each client once: none of it depends on how many requests stand in line.
struct WaitingLine {
    /// A request, and the first of its choices that has no slot yet.
    struct Entry {
        var submission: Submission
        var choice = 0
    }

    private let capacity: Int
    /// Everybody in line, by ticket.
    private var entries: [UInt64: Entry] = [:]
    /// Each client's requests. A client without any is not among them.
    private var clients: [String: ClientLine] = [:]
    private var deadlines = DeadlineHeap()
    private var turns: FairTurns<String>

    /// A line in which at most `capacity` requests stand.
    init(capacity: Int) {
        self.capacity = capacity
        turns = FairTurns(maxLead: capacity)
    }

    /// The requests in line.
    var count: Int { entries.count }

    /// Lets a request stand in line.
    ///
    /// - Returns: the request that has no place: another, or this one; `nil` when there was room.
    mutating func add(_ submission: Submission) -> Submission? {
        var refused: Submission?
        let client = submission.request.client
        if entries.count >= capacity {
            guard let victim = newestOfLongest(), let longest = entries[victim]?.submission.request.client,
                (clients[client]?.count ?? 0) + 1 < (clients[longest]?.count ?? 0)
            else { return submission }
            refused = remove(victim)
        }
        let ticket = submission.answers.ticket
        entries[ticket] = Entry(submission: submission)
        clients[client, default: ClientLine()].append(ticket)
        if let expiry = submission.answers.expiry { deadlines.insert(ticket, until: expiry) }
        return refused
    }

    /// Takes a request out, if it stands in line.
    @discardableResult
    mutating func remove(_ ticket: UInt64) -> Submission? {
        guard let submission = entries.removeValue(forKey: ticket)?.submission else { return nil }
        let client = submission.request.client
        clients[client]?.leave(entries)
        if clients[client]?.count == 0 { clients[client] = nil }
        if deadlines.count > 2 * entries.count + 16 { deadlines.compact(keeping: entries) }
        return submission
    }

    /// Takes everybody out.
    mutating func removeAll() -> [Submission] {
        defer { (entries, clients, deadlines) = ([:], [:], DeadlineHeap()) }
        return entries.sorted { $0.key < $1.key }.map(\.value.submission)
    }

    /// When the first request may be late, or sooner; `nil` when none ever will be.
    mutating func nextExpiry() -> ContinuousClock.Instant? {
        while let first = deadlines.first {
            if entries[first.ticket] != nil { return first.expiry }
            deadlines.removeFirst()
        }
        return nil
    }

    /// Takes the requests out that are late. Each is asked once: whoever is taken out without being handed back is
    /// never answered.
    mutating func removeLate(now: () -> ContinuousClock.Instant) -> [Submission] {
        guard let first = nextExpiry() else { return [] }
        let time = now()
        guard first <= time else { return [] }
        var late: [Submission] = []
        var again: [(ticket: UInt64, expiry: ContinuousClock.Instant)] = []
        while let expiry = nextExpiry(), expiry <= time, let ticket = deadlines.first?.ticket {
            deadlines.removeFirst()
            guard let answers = entries[ticket]?.submission.answers else { continue }
            if answers.timeout() != nil {
                if let submission = remove(ticket) { late.append(submission) }
            } else if let expiry = answers.expiry {
                // Its first choices run, and have had chunks since.
                again.append((ticket, expiry))
            }
        }
        for (ticket, expiry) in again { deadlines.insert(ticket, until: expiry) }
        return late
    }

    /// Takes out the choices that get a slot now.
    ///
    /// - Parameters:
    ///   - count: the slots that are free.
    ///   - running: the generations that each client runs.
    mutating func admit(_ count: Int, running: [String: Int]) -> [Entry] {
        var running = running
        var admitted: [Entry] = []
        while admitted.count < count, let ticket = next(running), let entry = entries[ticket] {
            let request = entry.submission.request
            admitted.append(entry)
            running[request.client, default: 0] += 1
            entries[ticket]?.choice += 1
            if entry.choice + 1 == request.choiceCount { remove(ticket) }
        }
        return admitted
    }

    /// The request that gets the next slot.
    private mutating func next(_ running: [String: Int]) -> UInt64? {
        // A client's weight is that of its first request, which is the one that would get the slot.
        var weights: [String: Int] = [:]
        for client in clients.keys {
            let first = clients[client]?.first(in: entries)
            weights[client] = first.flatMap { entries[$0]?.submission.request.weight }
        }
        func share(_ client: String) -> Double { Double(running[client, default: 0]) / Double(weights[client] ?? 1) }
        guard let least = weights.keys.map(share).min() else { return nil }
        turns.begin(weights)
        guard let client = turns.next(among: weights.keys.filter { share($0) == least }) else { return nil }
        turns.charge(client, 1, weight: weights[client] ?? 1)
        return clients[client]?.first(in: entries)
    }

    /// The newest request of those clients that have most in line. Whose first choices run already cannot be sent away
    /// any more.
    private mutating func newestOfLongest() -> UInt64? {
        let most = clients.values.map(\.count).max()
        var newest: UInt64?
        for client in clients.keys where clients[client]?.count == most {
            guard let last = clients[client]?.last(in: entries), entries[last]?.choice == 0
            else { continue }
            newest = max(newest ?? last, last)
        }
        return newest
    }
}
