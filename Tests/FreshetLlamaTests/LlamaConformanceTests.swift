import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

/// The laws of the chunk protocol, held by the local engine on the embedded model.
struct LlamaConformanceTests {
    private static let requests: [GenerationRequest] = {
        var seeded = SamplingOptions()
        seeded.seed = 11
        seeded.temperature = 1.5
        let question = [Message(role: .user, content: "Hello! My name is Tobin.")]
        return [
            GenerationRequest(prompt: .text("Once upon a time"), sampling: .greedy, maxTokens: 24),
            GenerationRequest(prompt: .text("The dragon"), sampling: seeded, maxTokens: 40, stop: [".", " and"]),
            GenerationRequest(prompt: .messages(question), sampling: .greedy, maxTokens: 40, reportsProgress: true),
        ]
    }()

    @Test(arguments: ProviderConformance.laws)
    func theEngineKeepsTheLaw(_ law: ProviderConformance.Law) async throws {
        let provider = try await LlamaProvider.load(.embedded)
        for var request in Self.requests {
            // The laws compare streams of the same request, so each is to be computed in the same way.
            request.reusesPrefix = false
            try await law.check(provider, request)
        }
    }

    @Test func aStreamThatFailsUnderWayKeepsItsWork() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        var request = Self.requests[0]
        request.sampling.ignoresEndOfGeneration = true
        request.maxTokens = nil
        // The whole context takes longer than this anywhere; if not, the check says that the stream did not fail.
        request.deadline = .milliseconds(20)
        let error = try await ProviderConformance.failureKeepsPartialWork(provider, request)
        #expect(error.code == .deadlineExceeded)
    }
}
