import Freshet
import FreshetTestSupport
import Synchronization
import Testing

@testable import FreshetLlama

/// The embedding thread over a toy: a text's vector is its sum and its length.
@Suite(.timeLimit(.minutes(5))) struct EmbeddingEngineTests {
    private final class Toy: EmbeddingBackend {
        let gate: Gate
        let sizes: @Sendable (Int) -> Void

        init(gate: Gate, sizes: @escaping @Sendable (Int) -> Void) { (self.gate, self.sizes) = (gate, sizes) }

        func embed(_ texts: [[Token]], shouldInterrupt: () -> Bool) throws(GenerationError) -> [[Float]]? {
            sizes(texts.count)
            gate.pass()
            if shouldInterrupt() { return nil }
            if texts.contains([13]) { throw GenerationError(.engineFailed, "The toy does not like it.") }
            return texts.map(EmbeddingEngineTests.vector)
        }
    }

    private static func vector(_ text: [Token]) -> [Float] {
        [Float(text.reduce(0, &+)), Float(text.count)]
    }

    private let gate = Gate()
    private let clock = ManualClock()

    private func engine(
        capacity: Int = 64, texts: Int = 4, sizes: @escaping @Sendable (Int) -> Void = { _ in },
        make: @escaping @Sendable () throws(GenerationError) -> Void = {}
    ) -> EmbeddingEngine {
        EmbeddingEngine(
            capacity: capacity, retryAfter: .seconds(3), limits: .init(tokens: 64, texts: texts),
            now: { [clock] in clock.now }
        ) { [gate] () throws(GenerationError) in
            try make()
            return Toy(gate: gate, sizes: sizes)
        }
    }

    private func embed(
        _ texts: [[Token]], in engine: EmbeddingEngine, deadline: Duration? = nil, ago: Duration = .zero
    ) async throws(GenerationError) -> [[Float]] {
        let request = EmbeddingRequest(inputs: texts.map { .tokens($0) }, isNormalized: false, deadline: deadline)
        return try await engine.vectors(of: request, texts: texts, submitted: clock.now - ago)
    }

    @Test func manyCallersGetTheirOwnVectors() async {
        let engine = engine()
        await withTaskGroup { group in
            for seed in 0..<40 as Range<UInt64> {
                group.addTask {
                    var generator = SeededGenerator(seed: seed)
                    let texts = (0..<Int.random(in: 1...30, using: &generator)).map { _ in
                        (0..<Int.random(in: 1...70, using: &generator)).map { _ in
                            Token.random(in: 14...900, using: &generator)
                        }
                    }
                    let vectors = try? await embed(texts, in: engine)
                    #expect(vectors == texts.map(Self.vector))
                }
            }
        }
        await engine.shutDown()
    }

    /// While one batch is computed, the others' texts gather and are computed together.
    @Test func whatWaitsIsComputedTogether() async throws {
        let sizes = Mutex<[Int]>([])
        let engine = engine(sizes: { size in sizes.withLock { $0.append(size) } })
        gate.arm()
        async let first = embed([[20]], in: engine)
        await gate.reached()
        async let others = withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = try await embed([[21]], in: engine) } }
            try await group.waitForAll()
        }
        while engine.waitingCount < 9 { await Task.yield() }
        gate.open()
        _ = try await first
        try await others
        #expect(sizes.withLock { $0 } == [1, 4, 4])
        await engine.shutDown()
    }

    @Test func aCallerThatLeavesBreaksOffItsBatch() async throws {
        let engine = engine()
        gate.arm()
        let task = Task { try await embed([[20], [21]], in: engine) }
        await gate.reached()
        task.cancel()
        let error = await #expect(throws: GenerationError.self) { try await task.value }
        #expect(error?.code == .cancelled, "at once, though the batch is still computed")
        gate.open()
        #expect(try await embed([[22]], in: engine) == [[22, 1]], "the engine goes on")
        await engine.shutDown()
    }

    @Test func aDeadlineEndsARequestThatWaits() async throws {
        let engine = engine()
        gate.arm()
        async let first = embed([[20]], in: engine)
        await gate.reached()
        let late = Task { try await embed([[21]], in: engine, deadline: .seconds(5), ago: .seconds(6)) }
        let early = Task { try await embed([[22]], in: engine, deadline: .seconds(7), ago: .seconds(6)) }
        gate.open()
        let error = await #expect(throws: GenerationError.self) { try await late.value }
        #expect(error?.code == .deadlineExceeded)
        #expect(try await first == [[20, 1]])
        #expect(try await early.value == [[22, 1]])
        await engine.shutDown()
    }

    @Test func moreThanTheQueueHoldsAreRefused() async throws {
        let engine = engine(capacity: 1)
        gate.arm()
        async let first = embed([[20]], in: engine)
        await gate.reached()
        let error = await #expect(throws: GenerationError.self) { try await embed([[21]], in: engine) }
        #expect(error?.code == .overloaded && error?.retryAfter == .seconds(3))
        gate.open()
        _ = try await first
        await engine.shutDown()
    }

    @Test func aFailedBatchEndsItsRequestsOnly() async throws {
        let engine = engine(texts: 1)
        let error = await #expect(throws: GenerationError.self) { try await embed([[20], [13]], in: engine) }
        #expect(error?.code == .engineFailed)
        #expect(try await embed([[22]], in: engine) == [[22, 1]])
        await engine.shutDown()
    }

    /// A backend that cannot be made fails those who wait; the next request tries again.
    @Test func aBackendThatCannotBeMadeIsTriedAgain() async throws {
        let attempts = Atomic(0)
        let engine = engine(make: { () throws(GenerationError) in
            if attempts.wrappingAdd(1, ordering: .relaxed).oldValue == 0 {
                throw GenerationError(.outOfMemory, "There is none.")
            }
        })
        let error = await #expect(throws: GenerationError.self) { try await embed([[20]], in: engine) }
        #expect(error?.code == .outOfMemory)
        #expect(try await embed([[20]], in: engine) == [[20, 1]])
        await engine.shutDown()
    }

    @Test func theEndFailsWhatWaitsAndWhatComesLater() async throws {
        let engine = engine()
        gate.arm()
        let running = Task { try await embed([[20]], in: engine) }
        await gate.reached()
        let end = Task { await engine.shutDown() }
        let error = await #expect(throws: GenerationError.self) { try await running.value }
        #expect(error?.code == .shuttingDown)
        gate.open()
        await end.value
        let later = await #expect(throws: GenerationError.self) { try await embed([[20]], in: engine) }
        #expect(later?.code == .shuttingDown)
        await self.engine().shutDown()
    }
}
