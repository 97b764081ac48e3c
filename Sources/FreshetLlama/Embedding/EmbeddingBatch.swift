internal import Freshet

/// Texts that are computed together.
struct EmbeddingBatch {
    /// A text, and where its vector goes.
    struct Item {
        /// The job's number.
        var ticket: UInt64
        /// The text's place in the job.
        var place: Int
        var tokens: [Token]
    }

    /// How much is computed together. More texts in one batch make better use of the weights, which are read once for
    /// all of them, until the processor is busy; beyond that they only make others wait.
    struct Limits {
        /// The most tokens, unless a single text has more.
        var tokens: Int
        /// The most texts.
        var texts: Int
    }

    private(set) var items: [Item] = []

    /// Takes texts from clients in turn, by how many tokens each has had, and from each one's jobs in turn, one from each:
    /// a request for one text waits no longer than a batch behind one for thousands, and one client's many requests hold
    /// up nobody else's.
    ///
    /// - Parameters:
    ///   - turn: the number of the next turn; it is moved on.
    ///   - clients: whose turn it is.
    init(from jobs: inout [EmbeddingJob], turn: inout Int, clients: inout FairTurns<String>, limits: Limits) {
        func takeTurn(_ job: Int) {
            jobs[job].turn = turn
            turn += 1
        }
        // Who comes anew stands behind those that were there.
        for job in jobs.indices where jobs[job].turn == nil { takeTurn(job) }
        // The places of each client's jobs, those that have had a text the longest ago first.
        let waiting = jobs.indices.filter { jobs[$0].nextLength != nil }
            .sorted { jobs[$0].turn ?? 0 < jobs[$1].turn ?? 0 }
        var lines = Dictionary(grouping: waiting) { jobs[$0].request.client }
        clients.begin(lines.mapValues { _ in 1 })
        var heads: [String: Int] = [:]
        var count = 0
        while items.count < limits.texts, let client = clients.next(among: lines.keys) {
            let head = heads[client, default: 0]
            guard let job = lines[client]?[head], let length = jobs[job].nextLength,
                // A long text is not passed over for short ones: it comes first in the next batch.
                items.isEmpty || count + length <= limits.tokens
            else { break }
            items.append(jobs[job].take())
            takeTurn(job)
            count += length
            clients.charge(client, length, weight: 1)
            if jobs[job].nextLength != nil { lines[client]?.append(job) }
            heads[client] = head + 1
            if head + 1 == lines[client]?.count { lines[client] = nil }
        }
    }
}
