import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// The loop that the engine is measured against.
@Suite(.timeLimit(.minutes(10))) struct BareLoopTests {
    private static func loop() throws -> BareLoop {
        BareLoop(model: try LlamaModel(path: EmbeddedModel.path), options: LlamaOptions(modelPath: EmbeddedModel.path))
    }

    @Test func tokensTakeTimeAndSomeOfItIsSampling() async throws {
        let time = try await Self.loop().run([300, 301], count: 20)
        #expect(.zero < time.sampling && time.sampling < time.total)
    }

    @Test(arguments: [[], [-1], [1 << 20], [Token](repeating: 300, count: 513)])
    func promptsOutOfRangeAreRefused(prompt: [Token]) async throws {
        let loop = try Self.loop()
        let error = await #expect(throws: GenerationError.self) { try await loop.run(prompt, count: 1) }
        #expect(error?.code == .invalidRequest)
    }

    /// A loop that nobody ends would take seconds.
    @Test func aCancelledLoopEndsBeforeTheNextToken() async throws {
        let loop = try Self.loop()
        let running = Task { try await loop.run([300], count: 50_000) }
        running.cancel()
        let error = await #expect(throws: GenerationError.self) { try await running.value }
        #expect(error?.code == .cancelled)
    }
}
