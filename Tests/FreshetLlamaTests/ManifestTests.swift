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
        let provider = try await LlamaProvider.load(.embedded)
        let changes: [(inout GenerationRequest) -> Void] = [
            { $0.isReproducible = false }, { ($0.shiftsContext, $0.maxTokens) = (true, nil) },
        ]
        for change in changes {
            let error = await #expect(throws: GenerationError.self) {
                _ = try await provider.stream(Self.request(change))
            }
            #expect(error?.code == .invalidRequest && error?.parameter == "return_manifest", "\(error as Any)")
        }
        // Nor is a value beyond the vocabulary looked up anywhere.
        var manifest = Manifest(of: Self.request(), prompt: [1], by: provider.environment)
        manifest.answers = [Manifest.Answer(tokens: [-1], logProbabilities: [0])]
        var strays = [("answers", manifest)]
        manifest.answers[0].tokens = [1]
        for form in [
            Manifest.Form(begun: [-1]), Manifest.Form(shown: [1 << 20]),
            Manifest.Form(calls: Grammar(text: "root ::= .", triggers: [.token(-7)])),
            Manifest.Form(thoughts: .init(start: "", ends: [], forced: [-1], budget: 0, begun: "")),
        ] {
            manifest.form = form
            strays.append(("form", manifest))
        }
        for (parameter, manifest) in strays {
            let error = await #expect(throws: GenerationError.self) { _ = try await provider.verify(manifest) }
            #expect(error?.parameter == parameter)
        }
        await provider.shutDown()
    }

    /// A provider of the embedded model with another template, because its own knows neither tools nor thoughts.
    private static func provider(template: String) async throws -> LlamaProvider {
        var options = LlamaOptions.embedded
        options.load.chatTemplate = template
        return try await LlamaProvider.load(options)
    }

    /// The manifest in a request's answer, read from its JSON.
    private static func manifest(_ provider: LlamaProvider, _ request: GenerationRequest) async throws -> Manifest {
        let reply = try await provider.reply(to: request)
        return try Manifest(json: try JSONValue(json: try #require(reply.metadata["manifest"]).text.utf8))
    }

    /// Whether a manifest is found again, and not without its form.
    private static func checkForm(of manifest: Manifest, _ provider: LlamaProvider) async throws {
        let count = manifest.answers.reduce(0) { $0 + $1.tokens.count }
        #expect(try await provider.verify(manifest) == Verification(matchingTokens: count, drift: 0))
        var formless = manifest
        formless.form = nil
        // It says either that another token came, or that the answer ends before.
        let verification = try? await provider.verify(formless)
        #expect(verification == nil || verification?.difference != nil)
    }

    @Test func callsAreFoundAgain() async throws {
        let provider = try await Self.provider(
            template: String(
                contentsOf: EmbeddedModel.repository.appendingPathComponent("Tests/clients/tools.jinja"),
                encoding: .utf8))
        let tool = Tool(name: "look", parameters: #"{"type": "object", "properties": {"at": {"type": "string"}}}"#)
        let required = try await Self.manifest(
            provider,
            Self.request { ($0.tools, $0.toolChoice, $0.choiceCount, $0.maxTokens) = ([tool], .required, 2, 40) })
        #expect(required.answers.allSatisfy { $0.tokens.count > 8 } && required.form?.calls?.triggers == [])
        try await Self.checkForm(of: required, provider)
        // Where a call may come it is held to its form from where it begins; here a word of stories begins one.
        let calls = Grammar(text: #"root ::= " the" [0-9]+"#, triggers: [.text(" the")], seesControlTokens: true)
        let (prompt, taken) = (try provider.tokens(of: .text("Once upon a time")), TokenRecord())
        var request = Self.request { ($0.prompt, $0.maxTokens) = (.tokens(prompt), 60) }
        request.sampling.ignoresEndOfGeneration = true
        _ = try await provider.stream(request, form: Manifest.Form(calls: calls), onToken: taken.take).collect()
        var lazy = Manifest(of: request, prompt: prompt, form: Manifest.Form(calls: calls), by: provider.environment)
        lazy.answers = [taken.answer]
        try await Self.checkForm(of: try Manifest(json: lazy.json), provider)
        await provider.shutDown()
    }

    @Test func thoughtsAreFoundAgain() async throws {
        let thinker = try await Self.provider(
            template: """
                {%- for m in messages %}<|{{ m.role }}|>{% if m.reasoning_content %}<think>{{ m.reasoning_content }}\
                </think>{% endif %}{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|><think>\
                {% endif %}
                """)
        for budget in [3, 0] {
            let manifest = try await Self.manifest(
                thinker,
                Self.request {
                    ($0.reasoning.budget, $0.responseFormat, $0.maxTokens) = (budget, .jsonObject, 40)
                })
            #expect(manifest.form?.opening != nil)
            #expect(manifest.form?.thoughts?.budget == budget && manifest.answers[0].tokens.count > 8)
            try await Self.checkForm(of: manifest, thinker)
        }
        // Without either the thoughts are only told apart.
        let plain = try await Self.manifest(thinker, Self.request())
        #expect(try await thinker.verify(plain).difference == nil)
        await thinker.shutDown()
    }
}

/// Keeps the tokens of an answer as they are drawn.
private final class TokenRecord: @unchecked Sendable {
    // Sendable: the answer is read and written under `monitor` only.
    private let monitor = Monitor()
    private var tokens = Manifest.Answer()

    var answer: Manifest.Answer { monitor.withLock { tokens } }

    @Sendable func take(_ token: Token, _ logProbability: (Token) -> Float) {
        let logarithm = logProbability(token)
        monitor.withLock {
            tokens.tokens.append(token)
            tokens.logProbabilities.append(logarithm)
        }
    }
}
