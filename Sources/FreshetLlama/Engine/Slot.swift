internal import Freshet

/// A place where one generation at a time runs.
struct Slot {
    /// What a generation waits for before it takes a sequence.
    enum Wait {
        /// Another one that is computing the beginning that both prompts have in common.
        case leader(slot: Int, number: UInt64, length: Int)
        /// The disk, which may hang: not beyond a time.
        case disk(until: ContinuousClock.Instant)
    }

    /// The generation that runs here.
    private(set) var generation: Generation?
    /// Which generation it is; a number is never used again.
    private(set) var number: UInt64 = 0
    /// The sequence that its tokens are in; `nil` while it waits.
    var sequence: Int32?
    /// What it waits for.
    var wait: Wait?

    /// Whether a generation can start here.
    var isFree: Bool { generation == nil }

    /// When something is to be done about the slot, whatever else happens.
    var expiry: ContinuousClock.Instant? {
        var patience: ContinuousClock.Instant?
        if case .disk(let until) = wait { patience = until }
        return [generation?.answers.expiry, patience].compactMap(\.self).min()
    }

    /// What the running generation could use a batch for.
    var demand: Scheduler.Demand? {
        guard let generation, sequence != nil else { return nil }
        return Scheduler.Demand(
            pendingTokens: generation.pending.count, isPrompt: generation.isInPrompt || generation.pending.count > 1,
            hasRoom: generation.answers.writer.hasRoom, stream: number, client: generation.request.client,
            weight: generation.request.weight)
    }

    /// Takes in a generation.
    mutating func admit(_ generation: Generation, number: UInt64) {
        (self.generation, self.number) = (generation, number)
    }

    /// Lets the running generation take the outcome of a batch.
    mutating func update<Failure: Error>(_ change: (inout Generation) throws(Failure) -> Void) throws(Failure) {
        guard generation != nil else { return }
        try change(&generation!)  // Checked just above; an optional cannot be bound for mutation in place.
    }

    /// Frees the slot.
    mutating func release() { (generation, sequence, wait) = (nil, nil, nil) }
}
