import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Which answers have a manifest.
@Suite struct ManifestTests {
    private static func request(_ change: (inout GenerationRequest) -> Void = { _ in }) -> GenerationRequest {
        var request = GenerationRequest(
            prompt: .messages([Message(role: .user, content: "Hi")]), maxTokens: 8, isReproducible: true,
            givesManifest: true)
        request.sampling.seed = 5
        change(&request)
        return request
    }

    @Test func itIsTheLastFinishesAndHoldsEveryToken() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        var manifests: [JSONValue] = []
        var kinds: [String] = []
        for try await chunk in try await provider.stream(Self.request { $0.choiceCount = 2 }) {
            guard let manifest = chunk.metadata?.remainder["manifest"] else { continue }
            manifests.append(manifest)
            if case .finish = chunk.content { kinds.append("finish \(chunk.index)") }
        }
        #expect(kinds == ["finish 1"])
        let manifest = try Manifest(json: try #require(manifests.first))
        #expect(manifest.prompt == (try provider.tokens(of: Self.request().prompt)))
        #expect(manifest.answers.count == 2 && manifest.answers.allSatisfy { 1...8 ~= $0.tokens.count })
        #expect(manifest.answers.allSatisfy { $0.tokens.count == $0.logProbabilities.count })
        #expect(manifest.environment == provider.environment && manifest.sampling.seed == 5)
        let count = manifest.answers.reduce(0) { $0 + $1.tokens.count }
        #expect(try await provider.verify(manifest) == Verification(matchingTokens: count, drift: 0))
        await provider.shutDown()
    }

    /// A manifest of what it does not describe would be verified against something else.
    @Test func whatItCannotSayIsRefused() async throws {
        var options = LlamaOptions.embedded
        // The model's own knows neither tools nor thoughts.
        options.load.chatTemplate = """
            {%- for m in messages %}<|{{ m.role }}|>{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>\
            {% endif %}{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|><think>{% endif %}
            """
        let thinker = try await LlamaProvider.load(options)
        options.load.chatTemplate = try String(
            contentsOf: EmbeddedModel.repository.appendingPathComponent("Tests/clients/tools.jinja"), encoding: .utf8)
        let provider = try await LlamaProvider.load(options)
        let tool = Tool(name: "look", parameters: #"{"type": "object", "properties": {"at": {"type": "string"}}}"#)
        let changes: [(inout GenerationRequest) -> Void] = [
            { $0.isReproducible = false },
            { ($0.shiftsContext, $0.maxTokens) = (true, nil) },
            { ($0.tools, $0.toolChoice) = ([tool], .required) },
        ]
        let thoughts: [(inout GenerationRequest) -> Void] = [
            { $0.reasoning.budget = 3 }, { $0.responseFormat = .jsonObject },
        ]
        for (provider, change) in changes.map({ (provider, $0) }) + thoughts.map({ (thinker, $0) }) {
            let error = await #expect(throws: GenerationError.self) {
                _ = try await provider.stream(Self.request(change))
            }
            #expect(error?.code == .invalidRequest && error?.parameter == "return_manifest", "\(error as Any)")
        }
        // Nor is a value beyond the vocabulary looked up anywhere.
        var manifest = Manifest(
            of: Self.request(), prompt: [1], by: provider.environment)
        manifest.answers = [Manifest.Answer(tokens: [-1], logProbabilities: [0])]
        let error = await #expect(throws: GenerationError.self) { _ = try await provider.verify(manifest) }
        #expect(error?.parameter == "answers")
        let thinking = try await thinker.reply(to: Self.request())
        #expect(thinking.metadata["manifest"] != nil)
        await provider.shutDown()
        await thinker.shutDown()
    }
}
