internal import Freshet

/// Requests that wait for a slot: who gets the next one, and who is refused when too many wait.
///
/// The next slot goes to the client that runs least for its weight, among those to the one whose turn it is, and among
/// that client's requests to the first: a client with many requests does not keep another's single one waiting. When the
/// line is full, a newcomer takes the place of the newest request of the client with most in line, where that client
/// then still has as many in line as the newcomer's (longest queue drop; Suter et al., "Design considerations for
/// supporting TCP with per-flow queueing", 1998).
struct WaitingLine {
    /// A request, and the first of its choices that has no slot yet.
    struct Entry {
        var submission: Submission
        var choice = 0
    }

    private let capacity: Int
    private(set) var entries: [Entry] = []
    private var turns: FairTurns<String>

    /// A line in which at most `capacity` requests stand.
    init(capacity: Int) {
        self.capacity = capacity
        turns = FairTurns(maxLead: capacity)
    }

    /// Lets a request stand in line.
    ///
    /// - Returns: the request that has no place: another, or this one; `nil` when there was room.
    mutating func add(_ submission: Submission) -> Submission? {
        var refused: Submission?
        if entries.count >= capacity {
            let lengths = Dictionary(entries.map { ($0.submission.request.client, 1) }, uniquingKeysWith: +)
            // Whose first choices run already cannot be sent away any more.
            let victim = entries.lastIndex { entry in
                entry.choice == 0 && lengths[entry.submission.request.client] == lengths.values.max()
            }
            guard let victim,
                lengths[submission.request.client, default: 0] + 1
                    < lengths[entries[victim].submission.request.client, default: 0]
            else { return submission }
            refused = entries.remove(at: victim).submission
        }
        entries.append(Entry(submission: submission))
        return refused
    }

    /// Takes the requests out that meet a condition.
    mutating func remove(where condition: (Submission) -> Bool) -> [Submission] {
        // Asked once each: a condition that looks at the clock may be met a moment later, and whoever is taken out without
        // being handed back is never answered.
        let isMet = entries.map { condition($0.submission) }
        let removed = zip(entries, isMet).filter(\.1).map(\.0.submission)
        if !removed.isEmpty { entries = zip(entries, isMet).filter { !$0.1 }.map(\.0) }
        return removed
    }

    /// Takes out the choices that get a slot now.
    ///
    /// - Parameters:
    ///   - count: the slots that are free.
    ///   - running: the generations that each client runs.
    mutating func admit(_ count: Int, running: [String: Int]) -> [Entry] {
        var running = running
        var admitted: [Entry] = []
        while admitted.count < count, let place = next(running) {
            let request = entries[place].submission.request
            admitted.append(entries[place])
            running[request.client, default: 0] += 1
            entries[place].choice += 1
            if entries[place].choice == request.choiceCount { entries.remove(at: place) }
        }
        return admitted
    }

    /// Where the request stands that gets the next slot.
    private mutating func next(_ running: [String: Int]) -> Int? {
        // A client's weight is that of its first request, which is the one that would get the slot.
        let weights = Dictionary(entries.map { ($0.submission.request.client, $0.submission.request.weight) }) {
            first, _ in first
        }
        func share(_ client: String) -> Double { Double(running[client, default: 0]) / Double(weights[client] ?? 1) }
        guard let least = weights.keys.map(share).min() else { return nil }
        turns.begin(weights)
        guard let client = turns.next(among: weights.keys.filter { share($0) == least }) else { return nil }
        turns.charge(client, 1, weight: weights[client] ?? 1)
        return entries.firstIndex { $0.submission.request.client == client }
    }
}
