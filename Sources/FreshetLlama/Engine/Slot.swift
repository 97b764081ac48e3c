internal import Freshet

/// A place where one generation at a time runs.
struct Slot {
    /// The generation that runs here.
    private(set) var generation: Generation?
    /// Which generation it is; a number is never used again.
    private(set) var number: UInt64 = 0
    /// The sequence that its tokens are in; `nil` while it waits.
    var sequence: Int32?
    /// What it waits for.
    var wait: PrefixWait?
    /// What the folder gave for its prompt and is not in memory yet.
    var blocks: ArraySlice<PrefixBlock> = []

    /// Whether a generation can start here.
    var isFree: Bool { generation == nil }

    /// Whether a generation is here that cannot compute yet: what it waits for is not over.
    var isWaiting: Bool { generation != nil && (sequence == nil || wait != nil) }

    /// When something is to be done about the slot, whatever else happens.
    var expiry: ContinuousClock.Instant? {
        let expiry = generation?.answers.expiry
        guard case .folder(let patience) = wait else { return expiry }
        return expiry.map { min($0, patience) } ?? patience
    }

    /// The running generation as others see it that would wait for its prompt.
    var leader: PrefixWait.Leader? {
        guard let generation, generation.isInPrompt, generation.answers.writer.hasRoom else { return nil }
        return PrefixWait.Leader(number: number, tokens: generation.tokens, computed: generation.computed)
    }

    /// The running generation as one that may wait for another.
    var participant: PrefixWait.Participant? {
        generation.map { PrefixWait.Participant(number: number, weight: $0.request.weight, wait: wait) }
    }

    /// What the running generation could use a batch for, with the weight that it counts with where that is not its own.
    func demand(weight: Int?) -> Scheduler.Demand? {
        guard let generation, !isWaiting, blocks.isEmpty else { return nil }
        var demand = Scheduler.Demand(
            pendingTokens: generation.pending.count, isPrompt: generation.isInPrompt || generation.pending.count > 1,
            hasRoom: generation.answers.writer.hasRoom, stream: number, client: generation.request.client,
            weight: weight ?? generation.request.weight)
        demand.chances = generation.draftChances
        return demand
    }

    /// Whether the running generation has something to compute, and room for what that gives.
    var hasWork: Bool {
        guard let generation, !isWaiting, blocks.isEmpty else { return false }
        return !generation.pending.isEmpty && generation.answers.writer.hasRoom
    }

    /// Takes in a generation.
    mutating func admit(_ generation: Generation, number: UInt64) {
        (self.generation, self.number) = (generation, number)
    }

    /// Frees the slot.
    mutating func release() { (generation, sequence, wait, blocks) = (nil, nil, nil, []) }
}
