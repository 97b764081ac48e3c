/// Decides what the next batch holds. A value: it computes nothing, waits for nothing and knows no model.
///
/// Streams that generate come first, because a reader waits for every token. What prompts get beside them is so much as
/// keeps the batch within the gap that readers may see, by what batches were seen to cost; without such streams it is
/// the whole batch. It is shared fairly among clients, and within each among its streams.
package struct Scheduler: Sendable {
    /// What one slot could use a batch for.
    package struct Demand: Sendable, Hashable {
        /// Tokens that are known and not yet computed: the rest of a prompt, or the token just picked.
        package var pendingTokens: Int
        /// Whether the pending tokens are a prompt's, of which any number may be computed at a time.
        package var isPrompt: Bool
        /// Whether the reader keeps up, and there is nothing else to wait for. A slot without room is left out.
        package var hasRoom: Bool
        /// Which generation it is. Its number is never used again for another.
        package var stream: UInt64
        /// Whose it is.
        package var client: String
        /// Its share of what there is, relative to other streams'; at least 1.
        package var weight: Int
        /// How likely each token of a running stream's draft is to be drawn, together with all before it. See
        /// ``DraftPlan``.
        package var chances: [Double] = []

        /// Makes a demand.
        package init(
            pendingTokens: Int, isPrompt: Bool, hasRoom: Bool, stream: UInt64, client: String, weight: Int = 1
        ) {
            self.pendingTokens = pendingTokens
            self.isPrompt = isPrompt
            self.hasRoom = hasRoom
            self.stream = stream
            self.client = client
            self.weight = weight
        }
    }

    private let batchCapacity: Int
    private let outputCapacity: Int
    /// What a batch with generating streams and prompts is planned to take.
    private let batchTime: Duration
    private var cost = BatchCost()
    private var plannedTokens = 0
    /// Turns of generating streams, when there are more than a batch holds.
    private var running: FairTurns<UInt64>
    /// Turns of clients whose prompts wait, and of each one's prompts.
    private var clients: FairTurns<String>
    private var prompts: [String: FairTurns<UInt64>] = [:]

    /// A prompt's first piece beside running streams, while nothing is known of the machine.
    private static let firstPiece = 16
    /// The part of the gap target that a batch is planned to take: on a machine with other users, one in a hundred batches
    /// takes half as long again as others of its size.
    private static let aim = 0.625
    /// Matrix kernels for weights in llama.cpp's repacked layout take so many rows at a time.
    private static let rows = 4

    /// Makes a scheduler.
    ///
    /// - Parameters:
    ///   - batchCapacity: the tokens that one batch may hold.
    ///   - outputCapacity: the tokens of a batch after which logits can be had; there are as many as streams at least.
    ///   - gapTarget: the time between two tokens of a running stream that prompts and drafts may not stretch.
    package init(batchCapacity: Int, outputCapacity: Int = .max, gapTarget: Duration) {
        self.batchCapacity = batchCapacity
        self.outputCapacity = outputCapacity
        batchTime = gapTarget * Self.aim
        running = FairTurns(maxLead: batchCapacity)
        clients = FairTurns(maxLead: batchCapacity)
    }

    /// How many tokens each slot computes in the next batch, its pending ones and then of its draft; all 0 when there is
    /// nothing to do.
    ///
    /// - Parameters:
    ///   - demands: one for each slot; `nil` for a free one.
    ///   - spent: what of the gap is gone already.
    ///   - isContended: whether another engine's streams wait for this batch too: prompts are then computed in pieces as
    ///     beside this engine's own.
    package mutating func plan(_ demands: [Demand?], spent: Duration = .zero, isContended: Bool = false) -> [Int] {
        var plan = [Int](repeating: 0, count: demands.count)
        let useful = demands.indices.filter { demands[$0].map { $0.hasRoom && $0.pendingTokens > 0 } == true }
        planRunning(useful.filter { demands[$0]?.isPrompt == false }, of: demands, in: &plan)
        let prompts = useful.filter { demands[$0]?.isPrompt == true }
        if prompts.isEmpty {
            // Whoever had a turn among prompts has none left to take.
            (clients, self.prompts) = (FairTurns(maxLead: batchCapacity), [:])
        } else {
            let runningTokens = plan.reduce(0, +)
            let room =
                switch (runningTokens, isContended) {
                case (0, false): batchCapacity
                // Nobody has waited here; the other engine's streams do from now on.
                case (0, true): promptRoom(beside: 0, spent: .zero)
                default: promptRoom(beside: runningTokens, spent: spent)
                }
            planPrompts(prompts, of: demands, room: room, in: &plan)
        }
        planDrafts(of: demands, spent: spent, in: &plan)
        plannedTokens = plan.reduce(0, +)
        return plan
    }

    /// How long memory may be filled from elsewhere before the next batch: half of what running streams leave of the gap,
    /// so that prompts have the other half.
    package func restoringTime(beside demands: [Demand?]) -> Duration {
        let running = demands.reduce(0) { tokens, demand in
            demand.map { !$0.isPrompt && $0.hasRoom ? tokens + $0.pendingTokens : tokens } ?? tokens
        }
        guard running > 0 else { return batchTime }
        return max(batchTime - (cost.duration(of: running) ?? .zero), .zero) / 2
    }

    /// Says what the last planned batch cost, from its planning until its tokens were handed out.
    package mutating func observe(took: Duration) { cost.observe(tokens: plannedTokens, took: took) }

    /// Gives every generating stream its token, or, where they are more than a batch holds, those whose turn it is.
    private mutating func planRunning(_ slots: [Int], of demands: [Demand?], in plan: inout [Int]) {
        let waiting = slots.compactMap { slot in demands[slot].map { (slot: slot, demand: $0) } }
        guard waiting.reduce(0, { $0 + $1.demand.pendingTokens }) > batchCapacity else {
            // Where everybody is served, nobody owes anything.
            running = FairTurns(maxLead: batchCapacity)
            for (slot, demand) in waiting { plan[slot] = demand.pendingTokens }
            return
        }
        var room = batchCapacity
        var left = Dictionary(waiting.map { ($0.demand.stream, $0) }) { first, _ in first }
        running.begin(left.mapValues { $0.demand.weight })
        while room > 0, let stream = running.next(among: left.keys),
            let (slot, demand) = left.removeValue(forKey: stream)
        {
            plan[slot] = min(demand.pendingTokens, room)
            room -= plan[slot]
            running.charge(stream, plan[slot], weight: demand.weight)
        }
    }

    /// Adds tokens of drafts to a batch of running streams.
    private func planDrafts(of demands: [Demand?], spent: Duration, in plan: inout [Int]) {
        let drafting = plan.indices.filter { plan[$0] > 0 && demands[$0]?.chances.isEmpty == false }
        guard !drafting.isEmpty, let outlook = outlook(of: demands, spent: spent) else { return }
        let drafts = drafting.map { demands[$0]?.chances ?? [] }
        let lengths = DraftPlan.lengths(of: drafts, beside: outlook.running, limit: outlook.limit - outlook.running) {
            outlook.duration($0)
        }
        for (slot, length) in zip(drafting, lengths) { plan[slot] += length }
    }

    /// What drafts may take of the next batch, and what that costs; `nil` where they have no place in it. Beside a prompt
    /// they have none: it fills the batch up to the gap target with tokens that are certainly of use.
    func outlook(of demands: [Demand?], spent: Duration) -> DraftOutlook? {
        let useful = demands.compactMap(\.self).filter { $0.hasRoom && $0.pendingTokens > 0 }
        let running = min(useful.reduce(0) { $0 + $1.pendingTokens }, batchCapacity)
        guard running > 0, useful.allSatisfy({ !$0.isPrompt }) else { return nil }
        var limit = min(batchCapacity, outputCapacity)
        var longest = Duration.seconds(1 << 30)
        if useful.count > 1 {
            // Other streams' readers wait for this batch, and a guess is not trusted beyond twice what was tried.
            longest = batchTime - spent
            limit = min(limit, cost.tokens(within: longest) ?? 0, 2 * cost.largestRecent)
        }
        return DraftOutlook(running: running, limit: limit, longest: longest) { [cost] tokens in
            cost.estimate(of: tokens).flatMap { tokens == running || $0 <= longest ? $0 : nil }
        }
    }

    /// Shares the room for prompts among clients, and a client's part among its prompts. Who is chosen takes as much as
    /// it can use, so that a short prompt is not cut without need.
    private mutating func planPrompts(_ slots: [Int], of demands: [Demand?], room: Int, in plan: inout [Int]) {
        let waiting = slots.compactMap { slot in demands[slot].map { (slot: slot, demand: $0) } }
        var left = Dictionary(grouping: waiting, by: \.demand.client).mapValues { prompts in
            Dictionary(prompts.map { ($0.demand.stream, $0) }) { first, _ in first }
        }
        clients.begin(left.mapValues { $0.values.reduce(1) { max($0, $1.demand.weight) } })
        prompts = prompts.filter { left[$0.key] != nil }
        for (client, streams) in left {
            prompts[client, default: FairTurns(maxLead: batchCapacity)].begin(streams.mapValues(\.demand.weight))
        }
        for case (let tokens, let demand?) in zip(plan, demands) {
            clients.charge(demand.client, tokens, weight: demand.weight)
        }
        var room = room
        while room > 0, let client = clients.next(among: left.keys),
            let stream = prompts[client]?.next(among: left[client, default: [:]].keys),
            let (slot, demand) = left[client]?.removeValue(forKey: stream)
        {
            if left[client]?.isEmpty == true { left[client] = nil }
            plan[slot] = min(demand.pendingTokens, room)
            room -= plan[slot]
            clients.charge(client, plan[slot], weight: demand.weight)
            prompts[client]?.charge(stream, plan[slot], weight: demand.weight)
        }
    }

    /// How many tokens of prompts go into a batch with those of running streams.
    private func promptRoom(beside runningTokens: Int, spent: Duration) -> Int {
        var total = runningTokens + Self.firstPiece
        if let alone = cost.duration(of: runningTokens),
            // Where the streams alone take long, prompts may add half of that, or they would never end.
            let fitting = cost.tokens(within: max(batchTime - spent, alone + alone / 2))
        {
            // A guess is not trusted beyond twice what was tried.
            total = min(fitting, max(total, 2 * cost.largestRecent))
        }
        total = max(total - total % Self.rows, runningTokens + 1)
        return min(total, batchCapacity) - runningTokens
    }
}
