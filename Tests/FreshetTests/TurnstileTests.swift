import Synchronization
import Testing

@testable import Freshet

@Suite(.timeLimit(.minutes(10))) struct TurnstileTests {
    @Test func neverMoreThanThePlaces() async throws {
        let turnstile = Turnstile(places: 3)
        let (inside, most, total) = (Counter(), Counter(), Counter())
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try? await turnstile.pass { () throws(GenerationError) in
                        most.raise(to: inside.add(1))
                        await Task.yield()
                        _ = inside.add(-1)
                        _ = total.add(1)
                        // Who fails gives up its place too.
                        if number.isMultiple(of: 3) { throw GenerationError.invalid("", "") }
                    }
                }
            }
        }
        #expect(total.value == 200)
        #expect((1...3).contains(most.value))
    }

    @Test func whoIsCancelledWaitsNoLonger() async throws {
        let turnstile = Turnstile(places: 1)
        let hasRun = Counter()
        try await turnstile.pass { () throws(GenerationError) in
            // The place is taken until this has ended.
            let waiting = Task { try await turnstile.pass { () throws(GenerationError) in _ = hasRun.add(1) } }
            while turnstile.waitingCount == 0 { await Task.yield() }
            waiting.cancel()
            let result = await waiting.result
            #expect(throws: GenerationError.self) { try result.get() }
        }
        #expect(hasRun.value == 0)
        // Its place in the queue has gone with it.
        #expect(turnstile.waitingCount == 0)
        try await turnstile.pass { () throws(GenerationError) in _ = hasRun.add(1) }
        #expect(hasRun.value == 1)
    }

    @Test func whoHasWaitedLongestIsNext() async throws {
        let turnstile = Turnstile(places: 1)
        let (order, orders) = AsyncStream<Int>.makeStream()
        let tasks = try await turnstile.pass { () throws(GenerationError) in
            var tasks: [Task<Void, any Error>] = []
            for number in 0..<20 {
                tasks.append(
                    Task { try await turnstile.pass { () throws(GenerationError) in _ = orders.yield(number) } })
                while turnstile.waitingCount <= number { await Task.yield() }
            }
            return tasks
        }
        for task in tasks { try await task.value }
        orders.finish()
        #expect(await order.reduce(into: []) { $0.append($1) } == Array(0..<20))
    }
}

private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    /// Answers with the sum.
    func add(_ number: Int) -> Int { count.add(number, ordering: .relaxed).newValue }

    func raise(to number: Int) { count.max(number, ordering: .relaxed) }
}
