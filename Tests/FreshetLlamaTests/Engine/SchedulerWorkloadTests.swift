import FreshetLlama
import FreshetTestSupport
import Testing

/// Random demands, and a machine that computes what is planned.
struct SchedulerWorkloadTests {
    private typealias Demand = Scheduler.Demand

    /// Streams come, wait, compute, pause and go at random. Whatever happens, each plan keeps the rules.
    @Test func randomDemandsAreMetByTheRules() {
        for seed in 0..<(250 as UInt64) {
            var random = SeededGenerator(seed: seed)
            let capacity = Int.random(in: 1...48, using: &random)
            let target = Duration.milliseconds(Int.random(in: 1...100, using: &random))
            var scheduler = Scheduler(batchCapacity: capacity, gapTarget: target)
            // What the scheduler can know of the machine.
            var cost = BatchCost()
            var slots = [Demand?](repeating: nil, count: Int.random(in: 1...10, using: &random))
            var waited = slots.map { _ in 0 }
            var next: UInt64 = 0
            for step in 0..<120 {
                for slot in slots.indices {
                    change(&slots[slot], next: &next, using: &random)
                    if slots[slot]?.hasRoom != true { waited[slot] = 0 }
                }
                let plan = scheduler.plan(slots)
                if let wrong = wrong(plan, for: slots, capacity: capacity, batchTime: target * 0.625, cost: cost) {
                    Issue.record("seed \(seed), step \(step): \(wrong)")
                    return
                }
                for slot in slots.indices {
                    waited[slot] = plan[slot] > 0 ? 0 : waited[slot] + (slots[slot]?.hasRoom == true ? 1 : 0)
                    advance(&slots[slot], by: plan[slot])
                }
                // Weights are 4 at most and there are ten: a turn comes once in forty rounds, among clients and again
                // within one; who was passed over for twice as long goes first.
                if waited.contains(where: { $0 > 100 }) {
                    Issue.record("seed \(seed), step \(step): somebody starves")
                    return
                }
                let tokens = plan.reduce(0, +)
                guard tokens > 0 else { continue }
                let took = Duration.microseconds((3_000 + 1_000 * tokens) * (random.chance(0.1) ? 2 : 1))
                cost.observe(tokens: tokens, took: took)
                scheduler.observe(took: took)
            }
        }
    }

    private func change(_ slot: inout Demand?, next: inout UInt64, using random: inout SeededGenerator) {
        if slot == nil, random.chance(0.3) {
            next += 1
            slot = Demand(
                pendingTokens: Int.random(in: 1...200, using: &random), isPrompt: true, hasRoom: true, stream: next,
                client: "\(Int.random(in: 0...3, using: &random))", weight: Int.random(in: 1...4, using: &random))
        } else if random.chance(0.02) {
            slot = nil
        } else if random.chance(0.1) {
            slot?.hasRoom.toggle()
        }
    }

    private func advance(_ slot: inout Demand?, by count: Int) {
        guard var demand = slot, count > 0 else { return }
        demand.pendingTokens -= count
        if demand.pendingTokens == 0 {
            demand.isPrompt = false
            demand.pendingTokens = 1
        }
        slot = demand
    }

    private func wrong(
        _ plan: [Int], for slots: [Demand?], capacity: Int, batchTime: Duration, cost: BatchCost
    ) -> String? {
        guard plan.count == slots.count else { return "a plan for other slots" }
        let useful = slots.map { $0.map { $0.hasRoom ? $0.pendingTokens : 0 } ?? 0 }
        guard zip(plan, useful).allSatisfy({ $0 >= 0 && $0 <= $1 }) else { return "\(plan) of \(useful)" }
        let isPrompt = slots.map { $0?.isPrompt == true }
        let sum = { (counts: [Int], prompts: Bool) in
            zip(counts, isPrompt).reduce(0) { $0 + ($1.1 == prompts ? $1.0 : 0) }
        }
        let (running, total) = (sum(plan, false), plan.reduce(0, +))
        if running != min(sum(useful, false), capacity) { return "running streams get \(running)" }
        if running == 0 { return total == min(capacity, sum(useful, true)) ? nil : "\(total) without streams" }
        var limit = running + 16
        if let alone = cost.duration(of: running), let fitting = cost.tokens(within: max(batchTime, alone + alone / 2))
        {
            limit = min(fitting, max(limit, 2 * cost.largestRecent))
        }
        limit = min(max(limit, running + 1), capacity)
        let wanted = min(limit, running + sum(useful, true))
        // Less by at most what makes a batch divisible by 4.
        return total <= limit && total >= min(wanted, max(limit - 3, running)) ? nil : "\(total) of \(wanted)"
    }

    /// Three streams run and a prompt of 2,000 tokens comes, on a machine that does something else at times, and on
    /// which tokens cost half as much again at the prompt's end. No gap is longer than the target by the machine's true
    /// cost, and the prompt takes hardly longer than if that cost had been known and four fifths of the target used.
    @Test func aLongPromptNeitherStretchesGapsNorDawdles() {
        for seed in 0..<(100 as UInt64) {
            var random = SeededGenerator(seed: seed)
            let clock = ManualClock()
            let target = 100.0
            var scheduler = Scheduler(batchCapacity: 512, gapTarget: .milliseconds(target))
            let truth = { (tokens: Int, depth: Int) in
                24.7 + 2.1 * Double(tokens) * (1 + 0.5 * Double(depth) / 2_000)
            }
            func compute(_ demands: [Demand?], depth: Int) -> (plan: [Int], time: Double) {
                let begun = clock.now
                let plan = scheduler.plan(demands)
                let time = truth(plan.reduce(0, +), depth)
                let disturbed = random.chance(0.08) ? 2 : Double.random(in: 0.95...1.05, using: &random)
                clock.advance(by: .milliseconds(time * disturbed))
                scheduler.observe(took: clock.now - begun)
                return (plan, time)
            }
            func demand(_ tokens: Int, isPrompt: Bool, stream: UInt64) -> Demand {
                Demand(pendingTokens: tokens, isPrompt: isPrompt, hasRoom: true, stream: stream, client: "")
            }
            let streams = (0..<3).map { demand(1, isPrompt: false, stream: $0) }
            // The streams' own prompts, computed alone, and some of their tokens.
            for stream in 0..<(3 as UInt64) {
                let prompt = demand(Int.random(in: 20...512, using: &random), isPrompt: true, stream: stream)
                _ = compute([prompt], depth: 0)
            }
            for _ in 0..<Int.random(in: 1...300, using: &random) { _ = compute(streams, depth: 0) }

            var (depth, time, longest) = (0, 0.0, 0.0)
            while depth < 2_000 {
                let (plan, gap) = compute(streams + [demand(2_000 - depth, isPrompt: true, stream: 9)], depth: depth)
                #expect(plan.prefix(3) == [1, 1, 1])
                depth += plan[3]
                time += gap
                longest = max(longest, gap)
            }
            var (ideal, idealDepth) = (0.0, 0)
            while idealDepth < 2_000 {
                let pieces = (1...512).prefix { truth(3 + $0, idealDepth) <= 0.625 * target }
                let piece = min(pieces.last ?? 1, 2_000 - idealDepth)
                ideal += truth(3 + piece, idealDepth)
                idealDepth += piece
            }
            #expect(longest <= target, "seed \(seed)")
            #expect(time <= ideal * 1.15, "seed \(seed)")
        }
    }
}
