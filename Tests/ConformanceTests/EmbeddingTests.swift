import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetHTTP
@testable import FreshetLlama

/// The same request to the local embedder, and over HTTP to our own server, gives the same vectors and refusals.
struct EmbeddingTests {
    private static let requests: [EmbeddingRequest] = [
        EmbeddingRequest("Once upon a time"), EmbeddingRequest("a cow", "naïve café – 日本語 🙂", "\"quotes\" \\\n"),
        EmbeddingRequest(inputs: [.tokens([5, 6, 7]), .text("a"), .tokens([9])], dimensions: 16),
        EmbeddingRequest(inputs: [.text("a")], dimensions: 8, isNormalized: false),
        EmbeddingRequest(inputs: [.text("a")], dimensions: 100_000), EmbeddingRequest(inputs: [.tokens([1 << 30])]),
        EmbeddingRequest(inputs: [.text(String(repeating: "long ", count: 5000))]), EmbeddingRequest("a", ""),
    ]

    private static func outcome(_ provider: any EmbeddingProvider, _ request: EmbeddingRequest) async -> String {
        do throws(GenerationError) {
            return "\(try await provider.embed(request))"
        } catch {
            return "\(error.code) \(error.message) \(error.parameter ?? "")"
        }
    }

    @Test func localAndRemoteVectorsAreTheSame() async throws {
        let service = try await LoopbackService.start()
        for request in Self.requests {
            let local = await Self.outcome(service.local, request)
            #expect(await Self.outcome(service.remote, request) == local)
        }
        await service.stop()
    }

    @Test func aCancelledRequestEnds() async throws {
        let service = try await LoopbackService.start()
        let inputs = (0..<2000).map { EmbeddingRequest.Input.text("\($0) " + String(repeating: "word ", count: 100)) }
        for provider in [service.local, service.remote] as [any EmbeddingProvider] {
            let task = Task { try await provider.embed(EmbeddingRequest(inputs: inputs)) }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            let error = await #expect(throws: GenerationError.self) { try await task.value }
            #expect(error?.code == .cancelled)
        }
        // The places are free again.
        #expect(try await service.remote.embed(EmbeddingRequest("a")).vectors.count == 1)
        await service.stop()
    }
}
