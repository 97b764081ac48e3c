/// Decides what the next batch holds. A value: it computes nothing, waits for nothing and knows no model.
///
/// Streams that generate come first, one token each, because a reader waits for every one of them; what room is left
/// goes to prompts, in the slots' order.
package struct Scheduler: Sendable {
    /// What one slot could use a batch for.
    package struct Demand: Sendable, Hashable {
        /// Tokens that are known and not yet computed: the rest of a prompt, or the token just picked.
        package var pendingTokens: Int
        /// Whether the pending tokens are a prompt's, of which any number may be computed at a time.
        package var isPrompt: Bool
        /// Whether the reader keeps up. A slot whose stream is full is left out.
        package var hasRoom: Bool

        /// Makes a demand.
        package init(pendingTokens: Int, isPrompt: Bool, hasRoom: Bool) {
            self.pendingTokens = pendingTokens
            self.isPrompt = isPrompt
            self.hasRoom = hasRoom
        }
    }

    /// The tokens that one batch may hold.
    package var batchCapacity: Int

    /// Makes a scheduler.
    package init(batchCapacity: Int) { self.batchCapacity = batchCapacity }

    /// How many of its pending tokens each slot computes in the next batch; all 0 when there is nothing to do.
    ///
    /// - Parameter demands: one for each slot; `nil` for a free one.
    package func plan(_ demands: [Demand?]) -> [Int] {
        var room = batchCapacity
        var plan = [Int](repeating: 0, count: demands.count)
        for takesPrompts in [false, true] {
            for (slot, demand) in demands.enumerated() {
                guard let demand, demand.isPrompt == takesPrompts, demand.hasRoom else { continue }
                plan[slot] = min(demand.pendingTokens, room)
                room -= plan[slot]
            }
        }
        return plan
    }
}
