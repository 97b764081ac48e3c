import FreshetLlama
import FreshetTestSupport
import Testing

struct SchedulerTests {
    private typealias Demand = Scheduler.Demand

    private func makeScheduler(_ batchCapacity: Int) -> Scheduler {
        Scheduler(batchCapacity: batchCapacity, gapTarget: .milliseconds(160))  // a batch may take 100
    }

    private func prompt(_ tokens: Int, stream: UInt64, client: Int = 0, weight: Int = 1) -> Demand {
        Demand(
            pendingTokens: tokens, isPrompt: true, hasRoom: true, stream: stream, client: "\(client)", weight: weight)
    }

    private func running(stream: UInt64, client: Int = 0, weight: Int = 1, hasRoom: Bool = true) -> Demand {
        Demand(
            pendingTokens: 1, isPrompt: false, hasRoom: hasRoom, stream: stream, client: "\(client)", weight: weight)
    }

    /// What each demand gets in so many batches, which cost nothing that is told.
    private func totals(_ demands: [Demand], capacity: Int, batches: Int) -> [Int] {
        var scheduler = makeScheduler(capacity)
        var totals = demands.map { _ in 0 }
        for _ in 0..<batches { totals = zip(totals, scheduler.plan(demands)).map { $0 + $1 } }
        return totals
    }

    @Test func aPromptAloneTakesTheWholeBatch() {
        var scheduler = makeScheduler(8)
        #expect(scheduler.plan([prompt(20, stream: 1)]) == [8])
        #expect(scheduler.plan([prompt(3, stream: 1)]) == [3])
    }

    @Test func runningStreamsComeBeforePrompts() {
        var scheduler = makeScheduler(4)
        #expect(scheduler.plan([prompt(20, stream: 1), nil, running(stream: 2)]) == [3, 0, 1])
    }

    @Test func aStreamWithoutRoomIsLeftOut() {
        var scheduler = makeScheduler(4)
        var paused = prompt(9, stream: 2)
        paused.hasRoom = false
        #expect(scheduler.plan([running(stream: 1, hasRoom: false), paused, running(stream: 3)]) == [0, 0, 1])
    }

    @Test func nothingToDoIsAPlanOfZeros() {
        var scheduler = makeScheduler(4)
        #expect(scheduler.plan([nil, nil]) == [0, 0])
        #expect(scheduler.plan([]).isEmpty)
    }

    @Test func theFirstPieceBesideAStreamIsSmallAndTheNextAtMostTwiceAsLarge() {
        var scheduler = makeScheduler(2_048)
        let demands: [Demand?] = [running(stream: 1), prompt(5_000, stream: 2)]
        var last = 0
        for _ in 0..<20 {
            let plan = scheduler.plan(demands)
            #expect(plan[0] == 1 && plan[1] >= 1)
            #expect(plan[1] <= max(16, 2 * last))
            last = plan[0] + plan[1]
            // A token costs next to nothing here, but who could know.
            scheduler.observe(took: .microseconds(100 + last))
        }
        #expect(last == 2_048)
    }

    /// A token takes 10 ms and a batch 18 more: 72 ms are left of the gap beside one stream.
    @Test func memoryIsFilledWithinTheGapToo() {
        var scheduler = makeScheduler(512)
        let (stream, long) = (running(stream: 1), prompt(5_000, stream: 2))
        #expect(scheduler.restoringTime(beside: [long, nil]) == .milliseconds(100))
        for demands in [[stream], [stream, long], [stream, long]] {
            let tokens = scheduler.plan(demands).reduce(0, +)
            scheduler.observe(took: .milliseconds(18 + 10 * tokens))
        }
        let paused = running(stream: 3, hasRoom: false)
        let time = scheduler.restoringTime(beside: [stream, long, nil, paused])
        #expect(time > .milliseconds(35) && time < .milliseconds(37))
        // Eight tokens fit into 100 ms, and four into the 64 that are left, both with the stream's.
        #expect(scheduler.plan([stream, long]) == [1, 7])
        #expect(scheduler.plan([stream, long], spent: .milliseconds(36)) == [1, 3])
        scheduler = makeScheduler(512)
        for _ in 0..<9 {
            _ = scheduler.plan([stream])
            scheduler.observe(took: .milliseconds(300))
        }
        #expect(scheduler.restoringTime(beside: [stream]) == .zero)
    }

    /// A token takes 10 ms: of another engine's streams no more is asked than of one's own.
    @Test func promptsAreCutForAnotherEnginesStreamsToo() {
        var scheduler = makeScheduler(512)
        let long = prompt(5_000, stream: 1)
        #expect(scheduler.plan([long], isContended: true) == [16])
        for _ in 0..<3 {
            scheduler.observe(took: .milliseconds(10 * scheduler.plan([long], isContended: true)[0]))
        }
        #expect(scheduler.plan([long], isContended: true) == [8])
        // What was waited for the other engine is no part of the gap that its streams see.
        #expect(scheduler.plan([long], spent: .seconds(1), isContended: true) == [8])
        #expect(scheduler.plan([long, running(stream: 2)], spent: .milliseconds(40), isContended: true) == [3, 1])
        #expect(scheduler.plan([long]) == [512])
    }

    /// Where the streams alone take longer than they should, prompts may add half of that and no more.
    @Test func promptsGoOnBesideSlowStreams() {
        var scheduler = makeScheduler(512)
        var last = 0
        for _ in 0..<40 {
            last = scheduler.plan([running(stream: 1), prompt(5_000, stream: 2)])[1]
            #expect(last >= 1)
            scheduler.observe(took: .milliseconds(200 + 4 * last))
        }
        #expect((20...25).contains(last))
        // Not even one more token would fit here.
        scheduler = makeScheduler(512)
        for _ in 0..<40 {
            let plan = scheduler.plan([running(stream: 1), running(stream: 2), prompt(5_000, stream: 3)])
            #expect(plan[2] >= 1)
            scheduler.observe(took: .milliseconds(60 * plan.reduce(0, +)))
        }
    }

    /// A short prompt is computed as soon as it comes, whatever others have waiting, and wholly.
    @Test func aShortPromptGetsInBesideALongOne() {
        var scheduler = makeScheduler(64)
        for _ in 0..<5 { _ = scheduler.plan([prompt(5_000, stream: 1), prompt(5_000, stream: 2)]) }
        for client in [0, 1] {
            let plan = scheduler.plan([
                prompt(5_000, stream: 1), prompt(5_000, stream: 2),
                prompt(20, stream: UInt64(client) + 3, client: client),
            ])
            #expect(plan[2] == 20 && plan.reduce(0, +) == 64)
        }
    }

    @Test func promptsShareByWeight() {
        for client in [{ (_: Int) in 0 }, { (stream: Int) in stream }] {
            let demands = [1, 2, 5].enumerated().map { index, weight in
                prompt(100_000, stream: UInt64(index), client: client(index), weight: weight)
            }
            let shares = totals(demands, capacity: 64, batches: 800).map { Double($0) / (64 * 800) }
            for (share, expected) in zip(shares, [0.125, 0.25, 0.625]) {
                #expect(abs(share - expected) < 0.02)
            }
        }
    }

    @Test func runningStreamsThatDoNotFitShareByWeight() {
        let demands = (0..<12).map { running(stream: $0, weight: $0 < 4 ? 3 : 1) }
        let got = totals(demands, capacity: 5, batches: 800)
        // Four of weight 3 and eight of weight 1 share 5 tokens.
        for (stream, tokens) in got.enumerated() {
            #expect(abs(tokens - (stream < 4 ? 600 : 200)) < 20, "stream \(stream) got \(tokens)")
        }
    }

    @Test func aClientWithManyRequestsGetsNoMoreThanOneWithASingle() {
        let prompts = (0..<11).map { prompt(100_000, stream: $0, client: $0 == 10 ? 1 : 0) }
        let alone = totals(prompts, capacity: 64, batches: 400)
        #expect(abs(Double(alone[10]) / (64 * 400) - 0.5) < 0.02)
        // Tokens of running streams count too: six of eleven in a batch are one client's own, and the rest is 5.
        let streams = (20..<26).map { running(stream: $0, client: 0) }
        let mixed = totals(prompts + streams, capacity: 16, batches: 400)
        let busy = mixed[..<10].reduce(0, +) + mixed[11...].reduce(0, +)
        #expect(abs(Double(busy) / (16 * 400) - 0.5) < 0.02)
        #expect(mixed[11...].allSatisfy { $0 == 400 })
    }

    /// Clients that come ever anew, each with as much as a batch holds, do not keep out one that stays.
    @Test func newcomersDoNotStarveWhoIsThere() {
        var scheduler = makeScheduler(64)
        var got = 0
        for round in 0..<600 {
            got +=
                scheduler.plan([
                    prompt(100_000, stream: 0),
                    prompt(64, stream: UInt64(round) + 1, client: round + 1),
                    prompt(64, stream: UInt64(round) + 10_000, client: round + 10_000),
                ])[0]
        }
        #expect(got >= 64 * 600 / 10)
    }

    /// Having been away earns nothing: who comes gets a turn, and then they alternate.
    @Test func aNewcomerHasNoCredit() {
        var scheduler = makeScheduler(64)
        for _ in 0..<5 { _ = scheduler.plan([prompt(5_000, stream: 1)]) }
        let demands = [prompt(5_000, stream: 1), prompt(5_000, stream: 2, client: 1)]
        #expect(scheduler.plan(demands) == [0, 64])
        #expect(scheduler.plan(demands) == [64, 0])
    }

    /// What a client's running streams used for long is not held against it for as long.
    @Test func debtsAreBounded() {
        var scheduler = makeScheduler(16)
        let prompts = [prompt(100_000, stream: 1), prompt(100_000, stream: 2, client: 1)]
        let streams = (10..<22).map { running(stream: $0) }
        for _ in 0..<1_000 { _ = scheduler.plan(prompts + streams) }
        let got = (0..<8).reduce(0) { sum, _ in sum + scheduler.plan(prompts)[0] }
        #expect(got >= 3 * 16)
    }

    @Test func whatIsKnownOfTheGoneIsForgotten() {
        var scheduler = makeScheduler(8)
        func size(after rounds: Range<Int>) -> Int {
            for round in rounds {
                let number = UInt64(round)
                _ = scheduler.plan(
                    [
                        prompt(20, stream: number * 20, client: round),
                        prompt(20, stream: number * 20 + 1, client: round),
                    ] + (2..<12).map { running(stream: number * 20 + $0, client: round) })
                scheduler.observe(took: .milliseconds(1))
            }
            return String(reflecting: scheduler).count
        }
        let early = size(after: 1_000..<1_100)
        #expect(size(after: 1_100..<9_900) < early + 1_000)
    }

    // MARK: - Drafts

    /// A scheduler that has seen batches of each of these sizes, which took so many milliseconds.
    private func seasoned(_ milliseconds: [Int: Int], outputs: Int = .max) -> Scheduler {
        var scheduler = Scheduler(batchCapacity: 32, outputCapacity: outputs, gapTarget: .milliseconds(160))
        for (tokens, time) in milliseconds.sorted(by: { $0.key > $1.key }) {
            _ = scheduler.plan([prompt(tokens, stream: 99)])
            scheduler.observe(took: .milliseconds(time))
        }
        return scheduler
    }

    private func drafting(_ chances: Int, stream: UInt64) -> Demand {
        var demand = running(stream: stream)
        demand.chances = Array(repeating: 0.9, count: chances)
        return demand
    }

    @Test func aDraftIsComputedWhereThatPays() {
        var cheap = seasoned([1: 20, 4: 22, 32: 40])
        #expect(cheap.plan([drafting(6, stream: 1)]) == [7])
        #expect(cheap.plan([nil, drafting(6, stream: 1), running(stream: 2)]) == [0, 7, 1])
        var dear = seasoned([1: 20, 4: 80, 32: 640])
        #expect(dear.plan([drafting(6, stream: 1)]) == [1])
        var unknown = makeScheduler(8)
        #expect(unknown.plan([drafting(6, stream: 1)]) == [1])
    }

    @Test func draftsKeepToTheRowsOfLogitsAndTheBatch() {
        var scheduler = seasoned([1: 20, 4: 22, 32: 40], outputs: 5)
        #expect(scheduler.plan([drafting(9, stream: 1), running(stream: 2)]).reduce(0, +) == 5)
        var wide = seasoned([1: 20, 4: 22, 32: 40])
        #expect(wide.plan((0..<4).map { drafting(20, stream: $0) }).reduce(0, +) == 32)
    }

    /// Beside a prompt drafts would take its room, and beside other streams they would stretch the gap.
    @Test func draftsYieldToPromptsAndToTheGap() {
        var scheduler = seasoned([1: 20, 4: 22, 32: 40])
        let plan = scheduler.plan([drafting(6, stream: 1), prompt(10, stream: 2)])
        #expect(plan[0] == 1 && plan[1] > 0)
        var slow = seasoned([1: 80, 2: 90, 4: 95, 8: 130, 32: 300])
        #expect(slow.plan([drafting(9, stream: 1)]) == [10])
        let beside = slow.plan([drafting(9, stream: 1), running(stream: 2)])
        #expect(beside[1] == 1 && 2...6 ~= beside[0], "\(beside)")
        #expect(slow.plan([drafting(9, stream: 1), running(stream: 2)], spent: .milliseconds(60)) == [1, 1])
    }
}
