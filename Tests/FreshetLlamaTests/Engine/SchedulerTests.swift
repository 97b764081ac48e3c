import FreshetLlama
import FreshetTestSupport
import Testing

struct SchedulerTests {
    private typealias Demand = Scheduler.Demand

    @Test func aPromptTakesTheWholeBatch() {
        let scheduler = Scheduler(batchCapacity: 8)
        #expect(scheduler.plan([Demand(pendingTokens: 20, isPrompt: true, hasRoom: true)]) == [8])
        #expect(scheduler.plan([Demand(pendingTokens: 3, isPrompt: true, hasRoom: true)]) == [3])
    }

    @Test func runningStreamsComeBeforePrompts() {
        let scheduler = Scheduler(batchCapacity: 4)
        let plan = scheduler.plan([
            Demand(pendingTokens: 20, isPrompt: true, hasRoom: true),
            nil,
            Demand(pendingTokens: 1, isPrompt: false, hasRoom: true),
        ])
        #expect(plan == [3, 0, 1])
    }

    @Test func aFullStreamIsLeftOut() {
        let scheduler = Scheduler(batchCapacity: 4)
        let plan = scheduler.plan([
            Demand(pendingTokens: 1, isPrompt: false, hasRoom: false),
            Demand(pendingTokens: 9, isPrompt: true, hasRoom: false),
            Demand(pendingTokens: 1, isPrompt: false, hasRoom: true),
        ])
        #expect(plan == [0, 0, 1])
    }

    @Test func nothingToDoIsAPlanOfZeros() {
        #expect(Scheduler(batchCapacity: 4).plan([nil, nil]) == [0, 0])
        #expect(Scheduler(batchCapacity: 4).plan([]).isEmpty)
    }

    /// Whatever the slots want: no more than the capacity, no more than a slot has pending, nothing for a slot without
    /// room, and no room wasted while somebody could use it.
    @Test func randomDemandsAreMetWithinBounds() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<5_000 {
            let capacity = Int.random(in: 1...16, using: &random)
            let demands: [Demand?] = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                guard Bool.random(using: &random) else { return nil }
                let isPrompt = Bool.random(using: &random)
                return Demand(
                    pendingTokens: isPrompt ? Int.random(in: 1...40, using: &random) : 1, isPrompt: isPrompt,
                    hasRoom: Int.random(in: 0..<4, using: &random) > 0)
            }
            let plan = Scheduler(batchCapacity: capacity).plan(demands)
            #expect(plan.count == demands.count)
            #expect(plan.reduce(0, +) <= capacity)
            let useful = demands.map { $0.map { $0.hasRoom ? $0.pendingTokens : 0 } ?? 0 }
            #expect(zip(plan, useful).allSatisfy { $0 >= 0 && $0 <= $1 })
            #expect(plan.reduce(0, +) == min(capacity, useful.reduce(0, +)))
        }
    }
}
