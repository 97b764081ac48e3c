import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

/// The local provider under the laws of the chunk protocol, on the embedded model.
@Suite struct LlamaConformanceTests {
    private static let requests = [
        GenerationRequest(prompt: .text("Once upon a time"), sampling: .greedy, maxTokens: 24),
        GenerationRequest(
            prompt: .text("Once upon a time"), sampling: .greedy, maxTokens: 200, stop: [" the", ".", ", "],
            reportsProgress: true, logProbabilities: 0),
        GenerationRequest(
            prompt: .messages([Message(role: .user, content: "Hello!")]), sampling: .greedy, maxTokens: 40,
            logProbabilities: 3),
        GenerationRequest(prompt: .text("Once upon a time"), sampling: .greedy, maxTokens: 0),
        GenerationRequest(
            prompt: .text("the cow, the dog, the cow, the"), sampling: .greedy, maxTokens: 80, stop: ["!"],
            choiceCount: 2,
            speculates: true, logProbabilities: 1),
    ]

    @Test(arguments: ProviderConformance.laws) func obeys(_ law: ProviderConformance.Law) async throws {
        var options = LlamaOptions(modelPath: EmbeddedModel.path)
        // Room for two chunks only, so that the reader holds the engine up.
        options.streamCapacity = 2
        let provider = try await LlamaProvider.load(options)
        for request in Self.requests { try await law.check(provider, request) }
    }
}
