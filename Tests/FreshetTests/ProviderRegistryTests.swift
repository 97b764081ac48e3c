import Freshet
import FreshetTestSupport
import Testing

struct ProviderRegistryTests {
    private static func registry() throws -> ProviderRegistry {
        var registry = ProviderRegistry()
        try registry.add(ScriptedProvider([], model: "one"), names: ["first", "un"])
        try registry.add(ScriptedProvider([], model: "two"))
        return registry
    }

    @Test(arguments: [
        ("first", "one"), ("un", "one"), ("two", "two"), (nil, "one"), ("", "one"),
    ])
    func everyNameLeadsToItsProvider(name: String?, model: String) throws {
        #expect(try Self.registry().provider(named: name).model == model)
    }

    @Test(arguments: ["one", "First", "first ", "three"])
    func anUnknownNameIsToldWithTheNamesThatThereAre(name: String) throws {
        let registry = try Self.registry()
        let error = try #require(throws: GenerationError.self) { try registry.provider(named: name) }
        #expect(error.code == .modelNotFound && error.parameter == "model")
        #expect(error.message == "There is no model “\(name)”; there is “first”, “un”, “two”.")
    }

    @Test(arguments: [["two"], [""], ["new", "new"], ["new", "un"]])
    func aNameThatIsEmptyOrTakenAddsNothing(names: [String]) throws {
        var registry = try Self.registry()
        #expect(throws: GenerationError.self) { try registry.add(ScriptedProvider([]), names: names) }
        #expect(registry.names == ["first", "un", "two"])
    }

    @Test func anEmptyRegistryHasNothingToGive() {
        #expect(throws: GenerationError.self) { try ProviderRegistry().provider(named: nil) }
    }
}

extension ProviderRegistryTests {
    private struct Embedder: EmbeddingProvider {
        let model: String

        func embed(_ request: EmbeddingRequest) async throws(GenerationError) -> Embeddings {
            Embeddings(model: model, vectors: [], usage: Usage(promptTokens: 0, completionTokens: 0))
        }
    }

    @Test func whatOnlyEmbedsAndWhatOnlyGeneratesAreToldApart() throws {
        var registry = try Self.registry()
        try registry.add(embedder: Embedder(model: "bert"))
        #expect(try registry.embedder(named: nil).model == "bert")
        #expect(try registry.embedder(named: "bert").model == "bert")
        #expect(try registry.provider(named: nil).model == "one")
        for (refused, words) in [
            (
                #expect(throws: GenerationError.self) { try registry.embedder(named: "un") },
                "“un” computes no embeddings"
            ),
            (
                #expect(throws: GenerationError.self) { try registry.provider(named: "bert") },
                "“bert” generates no text"
            ),
        ] {
            #expect(refused?.code == .invalidRequest && refused?.message.contains(words) == true)
        }
        #expect(throws: GenerationError.self) { try registry.add(embedder: Embedder(model: "bert")) }
    }
}
