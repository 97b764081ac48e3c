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
    /// The number of the turn in which it had a text last, or came; `nil` before that. See ``EmbeddingBatch``.
    var turn: Int?
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
