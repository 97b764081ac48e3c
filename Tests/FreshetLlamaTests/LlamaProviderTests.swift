import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// The embedded model through the whole engine.
struct LlamaProviderTests {
    /// What llama.cpp's own `llama-completion` gives for the embedded model, made by `scripts/golden`.
    struct Golden: Decodable {
        struct Case: Decodable {
            var prompt: String
            var tokens: [Token]
        }
        var cases: [Case]

        static func load() throws -> Golden {
            let url = EmbeddedModel.repository.appendingPathComponent("Tests/FreshetLlamaTests/golden.json")
            return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
        }
    }

    @Test func greedyTextIsLlamaCompletions() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        let cases = try Golden.load().cases
        #expect(cases.count >= 10)
        for golden in cases {
            let request = GenerationRequest(
                prompt: .text(golden.prompt), sampling: .greedy, maxTokens: golden.tokens.count)
            let reply = try await provider.reply(to: request)
            let expected = golden.tokens.flatMap { provider.llama.vocabulary.bytes(of: $0) }
            #expect(reply.text == String(decoding: expected, as: UTF8.self))
            #expect(reply.usage?.completionTokens == golden.tokens.count)
        }
    }

    @Test func aSeedGivesTheSameTextAgain() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        var sampling = SamplingOptions()
        sampling.seed = 42
        sampling.temperature = 1.2
        let request = GenerationRequest(
            prompt: .text("Once upon a time"), sampling: sampling, maxTokens: 40, reusesPrefix: false)
        let first = try await provider.reply(to: request)
        #expect(try await provider.reply(to: request).text == first.text)
        var texts: Set<String> = []
        for seed in 0..<5 as Range<UInt64> {
            var other = request
            other.sampling.seed = seed
            texts.insert(try await provider.reply(to: other).text)
        }
        #expect(texts.count > 1)
    }

    @Test func everySlotHasItsWholeContext() async throws {
        var options = LlamaOptions.embedded
        (options.slotCount, options.contextLength) = (3, 100)
        let provider = try await LlamaProvider.load(options)
        let prompts = ["Once upon a time", "The dog", "There was a girl who", "One day"]
        let usages = try await withThrowingTaskGroup(of: Usage?.self) { group in
            for prompt in prompts {
                var request = GenerationRequest(prompt: .text(prompt))
                request.sampling.ignoresEndOfGeneration = true
                group.addTask { try await provider.reply(to: request).usage }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        // The last token is picked from a full context, and needs no place in it.
        #expect(usages.allSatisfy { $0?.totalTokens == 101 }, "\(usages)")
    }

    /// Sequences that run, those that are remembered and the boundary's own are all that llama.cpp can number.
    @Test func asManySlotsAsAllowedCanBeHad() async throws {
        var options = LlamaOptions.embedded
        (options.slotCount, options.contextLength) = (LlamaOptions.slotLimit, 64)
        let provider = try await LlamaProvider.load(options)
        let request = GenerationRequest(prompt: .text("Once upon a time"), maxTokens: 2, choiceCount: 128)
        #expect(try await provider.reply(to: request).choices.count == 128)
        await provider.shutDown()
    }

    @Test func moreContextThanCanBeCountedIsRefused() async throws {
        var options = LlamaOptions.embedded
        (options.slotCount, options.contextLength) = (LlamaOptions.slotLimit, 1 << 24)
        let error = await #expect(throws: GenerationError.self) { _ = try await LlamaProvider.load(options) }
        #expect(error?.parameter == "ctx_size")
    }

    @Test func tokensAndTextArePromptsAlike() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        let tokens = try provider.tokens(of: .text("Once upon a time"))
        let fromTokens = GenerationRequest(prompt: .tokens(tokens), sampling: .greedy, maxTokens: 10)
        let fromText = GenerationRequest(prompt: .text("Once upon a time"), sampling: .greedy, maxTokens: 10)
        #expect(try await provider.reply(to: fromTokens).text == provider.reply(to: fromText).text)
        await #expect(throws: GenerationError.self) {
            try await provider.stream(GenerationRequest(prompt: .tokens([-1])))
        }
    }

    @Test func aConversationIsRenderedWithOneBeginning() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        let tokens = try provider.tokens(of: .messages([Message(role: .user, content: "Hello!")]))
        let beginning = try #require(provider.llama.vocabulary.beginningOfSequence)
        #expect(tokens.filter { $0 == beginning }.count == 1)
        #expect(tokens.first == beginning)
    }

    @Test func theNextTurnReusesTheOnesBefore() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        var messages = [Message(role: .user, content: "Hello! My name is Tobin.")]
        let request = { GenerationRequest(prompt: .messages($0), sampling: .greedy, maxTokens: 60) }
        let first = try await provider.reply(to: request(messages))
        messages += [Message(role: .assistant, content: first.text), Message(role: .user, content: "What is my name?")]
        let second = try await provider.reply(to: request(messages))
        #expect(try #require(second.usage).cachedTokens >= #require(first.usage).promptTokens)
        // The same turn from a cold start gives the same text.
        let cold = try await LlamaProvider.load(.embedded)
        #expect(try await cold.reply(to: request(messages)).text == second.text)
    }

    /// The limit is for a context that nobody chose, and no reason for one that is longer than the model's own.
    @Test(arguments: [(nil, 100, 100), (nil, 1 << 20, 1024), (200, 100, 200), (0, 100, 1024)] as [(Int?, Int, Int)])
    func theContextHasItsLength(asked: Int?, limit: Int, length: Int) async throws {
        var options = LlamaOptions.embedded
        (options.contextLength, options.contextLimit) = (asked, limit)
        #expect(try await LlamaProvider.load(options).contextLength == length)
    }

    @Test func aPromptLongerThanTheContextNamesBothLengths() async throws {
        var options = LlamaOptions.embedded
        options.contextLength = 100
        let provider = try await LlamaProvider.load(options)
        #expect(provider.contextLength == 100)
        let long = GenerationRequest(prompt: .text(String(repeating: "word ", count: 500)))
        let error = await #expect(throws: GenerationError.self) { try await provider.stream(long) }
        #expect(error?.code == .promptTooLong)
        #expect(error?.message.contains("100") == true)
        // The context's end is a length, not a failure.
        let reply = try await provider.reply(to: GenerationRequest(prompt: .text("Once"), sampling: .endless))
        #expect(reply.finish?.reason == .length)
        #expect(reply.usage?.totalTokens == 101)
    }

    @Test func aCancelledLoadStops() async throws {
        let task = Task { try await LlamaProvider.load(.embedded) }
        task.cancel()
        let error = await #expect(throws: GenerationError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func aConversationOfMoreTurnsThanTokensIsRefusedAtOnce() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        let turns = [Message](repeating: Message(role: .user, content: "Hello!"), count: provider.contextLength + 1)
        let error = await #expect(throws: GenerationError.self) {
            try await provider.stream(GenerationRequest(prompt: .messages(turns)))
        }
        #expect(error?.code == .promptTooLong)
        #expect(error?.message.contains("\(turns.count) turns") == true)
    }

    /// The tokenizer would take seconds for a megabyte of marks, and minutes for ten.
    @Test(arguments: ["<|end|>", "word ", "a", "é"])
    func aMegabyteIsRefusedAfterALookAtItsBeginning(_ piece: String) async throws {
        let provider = try await LlamaProvider.load(.embedded)
        let text = String(repeating: piece, count: 1_000_000 / piece.utf8.count)
        for prompt in [Prompt.text(text), .messages([Message(role: .user, content: text)])] {
            let error = await #expect(throws: GenerationError.self) {
                try await provider.stream(GenerationRequest(prompt: prompt))
            }
            #expect(error?.code == .promptTooLong)
            #expect(error?.message.contains("more than \(provider.contextLength) tokens") == true)
        }
    }

    @Test func threadsAreNeverMoreThanProcessors() throws {
        let model = try LlamaModel(path: EmbeddedModel.path)
        let processors = ProcessInfo.processInfo.activeProcessorCount
        var options = LlamaOptions(modelPath: EmbeddedModel.path)
        #expect(options.threads(for: model) == 1 && options.batchThreads(for: model) == 1)
        (options.threads, options.batchThreads) = (512, 512)
        #expect(options.threads(for: model) == processors && options.batchThreads(for: model) == processors)
    }

    @Test func aBiasOnATokenThatIsNoneIsRefused() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        for token in [-1, Token(provider.llama.vocabulary.count)] {
            var request = GenerationRequest(prompt: .text("Once"))
            request.sampling.logitBias = [token: 1]
            let error = await #expect(throws: GenerationError.self) { try await provider.stream(request) }
            #expect(error?.parameter == "logit_bias")
        }
    }

    @Test func optionsOutOfRangeAreNamed() async {
        var options = LlamaOptions.embedded
        options.threads = 0
        let error = await #expect(throws: GenerationError.self) { try await LlamaProvider.load(options) }
        #expect(error?.parameter == "threads")
    }
}

extension SamplingOptions {
    /// Greedy, and never at an end of its own.
    fileprivate static var endless: SamplingOptions {
        var options = SamplingOptions.greedy
        options.ignoresEndOfGeneration = true
        return options
    }
}
