internal import Freshet

/// One request on its way: the texts that have yet to be computed, and the vectors that have been. A value; the queue
/// owns it.
struct EmbeddingJob {
    /// The request's number.
    let ticket: UInt64
    /// What is wanted of each vector.
    let request: EmbeddingRequest
    /// The texts, as tokens; each has one at least.
    let texts: [[Token]]
    /// When it has taken too long.
    let expiry: ContinuousClock.Instant?
    /// The texts before this one are computed, or are being so.
    private(set) var next = 0
    private(set) var vectors: [[Float]?]
    private var missing: Int

    init(ticket: UInt64, request: EmbeddingRequest, texts: [[Token]], expiry: ContinuousClock.Instant?) {
        self.ticket = ticket
        self.request = request
        self.texts = texts
        self.expiry = expiry
        vectors = Array(repeating: nil, count: texts.count)
        missing = texts.count
    }

    /// The tokens of the text that is to be computed next; `nil` when there is none.
    var nextLength: Int? { next < texts.count ? texts[next].count : nil }

    /// Takes the next text.
    mutating func take() -> EmbeddingBatch.Item {
        defer { next += 1 }
        return EmbeddingBatch.Item(ticket: ticket, place: next, tokens: texts[next])
    }

    /// Takes a text's vector.
    ///
    /// - Throws: ``GenerationError`` when it is not one of numbers.
    mutating func put(_ vector: [Float], at place: Int) throws(GenerationError) {
        vectors[place] = try request.finished(vector)
        missing -= 1
    }

    /// Whether every vector is there.
    var isFinished: Bool { missing == 0 }
}

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
