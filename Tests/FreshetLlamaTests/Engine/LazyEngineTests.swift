import Freshet
import Synchronization
import Testing

@testable import FreshetLlama

@Suite struct LazyEngineTests {
    @Test func startsOnceAndAgainAfterAFailure() async throws {
        let starts = Atomic(0)
        let engine = LazyEngine { () async throws(GenerationError) in
            guard starts.add(1, ordering: .relaxed).newValue > 1 else {
                throw GenerationError(.outOfMemory, "No memory.")
            }
            return try await InferenceEngine.toy(ToyBackend.Script())
        }
        let failure = await #expect(throws: GenerationError.self) { _ = try await engine.engine() }
        #expect(failure?.code == .outOfMemory)
        let engines = try await withThrowingTaskGroup(of: InferenceEngine.self) { group in
            for _ in 0..<20 { group.addTask { try await engine.engine() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(engines.map { ObjectIdentifier($0) }).count == 1 && starts.load(ordering: .relaxed) == 2)
        await engine.shutDown()
        let end = await #expect(throws: GenerationError.self) { _ = try await engine.engine() }
        #expect(end?.code == .shuttingDown && starts.load(ordering: .relaxed) == 2)
    }
}
