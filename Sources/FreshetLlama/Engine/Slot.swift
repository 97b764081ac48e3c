internal import Freshet

/// A place in the context where one generation at a time runs, and what its sequence's memory holds.
struct Slot {
    /// The sequence, in the backend's numbering.
    let sequence: Int32
    /// The generation that runs here.
    private(set) var generation: Generation?
    /// The tokens that the sequence still holds while the slot is free.
    private var memory: [Token] = []

    init(sequence: Int32) { self.sequence = sequence }

    /// Whether a generation can start here.
    var isFree: Bool { generation == nil }

    /// What the running generation could use a batch for.
    var demand: Scheduler.Demand? {
        var demand = generation?.demand
        demand?.stream = UInt64(sequence)
        return demand
    }

    /// Starts a generation. What its prompt has in common with the sequence's memory is kept, the rest forgotten.
    mutating func start(_ submission: Submission, on backend: any Backend, at now: ContinuousClock.Instant) {
        let isReusing = submission.request.reusesPrefix
        let shared = isReusing ? zip(memory, submission.tokens).prefix { $0 == $1 }.count : 0
        // The last token is computed in any case: its logits are needed.
        var kept = min(shared, submission.tokens.count - 1)
        if !backend.truncate(sequence, to: kept) {
            // This model's memory cannot be cut back. Beginning anew is slow but right.
            kept = 0
            _ = backend.truncate(sequence, to: 0)
        }
        memory = []
        generation = Generation(submission, cached: kept, backend: backend, startedAt: now)
    }

    /// Adds the next `count` pending tokens to a batch.
    ///
    /// - Returns: the batch's index whose logits will tell the next token; `nil` when the prompt goes on after them.
    func contribute(_ count: Int, to batch: inout Batch) -> Int? {
        guard let generation, count > 0 else { return nil }
        let range = generation.computed..<generation.computed + count
        let reachesEnd = range.upperBound == generation.tokens.count
        var last = 0
        for position in range {
            last = batch.append(
                generation.tokens[position], position: position, sequence: sequence,
                wantsLogits: reachesEnd && position == range.upperBound - 1)
        }
        return reachesEnd ? last : nil
    }

    /// Lets the running generation take the outcome of a batch.
    mutating func update(_ change: (inout Generation) -> Void) {
        guard generation != nil else { return }
        change(&generation!)  // Checked just above; an optional cannot be bound for mutation in place.
    }

    /// Frees the slot and remembers what its sequence holds.
    mutating func release() {
        guard let ended = generation else { return }
        memory = Array(ended.tokens.prefix(ended.computed))
        generation = nil
    }

    /// Frees the slot and forgets what its sequence held, which is unknown after a failed computation.
    mutating func reset(on backend: any Backend) {
        _ = backend.truncate(sequence, to: 0)
        generation = nil
        memory = []
    }
}
