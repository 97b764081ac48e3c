import Freshet
import Testing

@testable import FreshetLlama

@Suite struct ComputeTurnsTests {
    /// What two threads did, in order.
    private final class Record: @unchecked Sendable {
        // Sendable: the variables are used under the monitor only.
        private let monitor = Monitor()
        private var entries: [Int] = []
        private var inside = 0

        func enter(_ number: Int) {
            monitor.withLock {
                entries.append(number)
                inside += 1
                #expect(inside == 1)
            }
        }

        func leave() { monitor.withLock { inside -= 1 } }

        var all: [Int] { monitor.withLock { entries } }
    }

    @Test func twoNeverComputeAtOnce() async throws {
        let (first, second) = ComputeTurns().places
        let record = Record()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, place) in [first, second].enumerated() {
                group.addTask {
                    try await DedicatedThread.value(named: "turns") {
                        for _ in 0..<2000 {
                            place.take {
                                record.enter(number)
                                record.leave()
                            }
                        }
                        place.rest()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(record.all.count == 4000 && record.all.count { $0 == 0 } == 2000)
        #expect(!first.isContended && !second.isContended)
    }

    /// For the other engine's streams prompts are computed in pieces that cost little, but where the pieces decide what
    /// comes out they are the same whoever waits.
    @Test(arguments: [true, false]) func promptsAreCutForTheOtherUnlessCutEvenly(isEven: Bool) async throws {
        let (place, other) = ComputeTurns().places
        // It does not rest: it has work.
        other.take {}
        let engine = try await InferenceEngine.toy(ToyBackend.Script(batchCapacity: 32)) {
            ($0.turns, $0.cutsEvenly) = (place, isEven)
        }
        var processed: [Int] = []
        for try await chunk in try engine.ask(String(repeating: "A", count: 100), maxTokens: 1, progress: true) {
            if case .progress(let progress) = chunk.content { processed.append(progress.processed) }
        }
        if isEven { #expect(processed == [0, 32, 64, 96, 100]) } else { #expect(processed.prefix(2) == [0, 16]) }
        await engine.shutDown()
    }

    /// Who comes back while the other waits lets that one go first.
    @Test func aWaitingOneGoesFirst() async throws {
        let (first, second) = ComputeTurns().places
        let record = Record()
        let gate = Gate()
        gate.arm()
        async let other: Void = DedicatedThread.value(named: "turns") {
            gate.pass()
            second.take { record.enter(1) }
            record.leave()
        }
        try await DedicatedThread.value(named: "turns") {
            first.take {
                record.enter(0)
                record.leave()
                gate.open()
                // The other counts from the moment at which it asks.
                while !first.isContended {}
            }
            first.take { record.enter(0) }
            record.leave()
        }
        try await other
        #expect(record.all == [0, 1, 0])
        #expect(first.isContended && second.isContended)
        second.rest()
        #expect(!first.isContended && second.isContended)
    }
}
