import Freshet
import Synchronization
import Testing

@testable import FreshetLlama

struct PaceTests {
    @Test func onlyWhatWasQuickIsExpectedToBe() {
        var pace = Pace()
        #expect(!pace.isQuick && !pace.isQuick(1))
        pace.observe(tokens: 4, took: Pace.quick - .nanoseconds(1))
        #expect(pace.isQuick && pace.isQuick(4) && !pace.isQuick(5))
        pace.observe(tokens: 1, took: Pace.quick)
        #expect(!pace.isQuick && !pace.isQuick(1))
    }

    /// What the engine's thread and the reader see of each other.
    private final class Seen: Sendable {
        let chunks = Atomic(0)
        let chunksAtLoad = Atomic(0)
    }

    /// With a clock that stands still every batch is quick, and a reader's patience never ends.
    @Test func noReaderWaitsForWhatIsNoBatch() async throws {
        let (gate, seen) = (Gate(), Seen())
        let script = ToyBackend.Script(
            bytes: Array("abcdefgh".utf8),
            onToken: { token throws(GenerationError) in if token == 100 { gate.pass() } },
            onLoad: {
                // The role, and everything from a to e: the engine's thread does this between e's batch and the next.
                let end = ContinuousClock.now + .seconds(20)
                while seen.chunks.load(ordering: .relaxed) < 6, ContinuousClock.now < end {}
                seen.chunksAtLoad.store(seen.chunks.load(ordering: .relaxed), ordering: .relaxed)
            })
        let start = ContinuousClock.now
        let engine = try await InferenceEngine.toy(script) { $0.now = { start } }
        gate.arm()
        let stream = try engine.ask("GO")
        let reading = Task {
            for try await _ in stream { seen.chunks.add(1, ordering: .relaxed) }
        }
        await gate.reached()
        let payload: [UInt8] = [88, 0, 0, 0]
        let restoring = Task { try await engine.restore(PrefixBlock(tokens: [88], range: 0..<1, payload: payload)) }
        // Long enough for the order to arrive; if it came later, the reader would have been woken by the answer's end.
        for _ in 0..<1000 { await Task.yield() }
        gate.open()
        #expect(try await restoring.value)
        try await reading.value
        #expect(seen.chunksAtLoad.load(ordering: .relaxed) >= 6)
    }
}
