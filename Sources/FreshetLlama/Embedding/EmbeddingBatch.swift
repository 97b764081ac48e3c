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

    /// Takes texts from jobs in turn, one from each, so that a request for one text waits no longer than a batch behind
    /// one for thousands.
    ///
    /// - Parameter start: the place of the job that comes first; it is moved on for the next batch.
    init(from jobs: inout [EmbeddingJob], start: inout Int, limits: Limits) {
        var count = 0
        var place = start
        var idle = 0
        while idle < jobs.count, items.count < limits.texts {
            let job = place % jobs.count
            if let length = jobs[job].nextLength {
                // A long text is not passed over for short ones: it comes first in the next batch.
                guard items.isEmpty || count + length <= limits.tokens else { break }
                items.append(jobs[job].take())
                count += length
                idle = 0
            } else {
                idle += 1
            }
            place = job + 1
        }
        start = place
    }
}
