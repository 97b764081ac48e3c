import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// What the prompt has begun of a turn that is held to a grammar, where the tokenizer puts spaces before words.
@Suite struct BegunTurnTests {
    private static let template = "openai-gpt-oss-120b"

    @Test(arguments: ["<|start|>assistant", "assistant", " as a", "<|end|><|start|>é\n🌱", ""])
    func itsTokensAreItsBytes(_ text: String) throws {
        let file = try TemporaryFile(GGUFWriter.sentencePieceLlama().file)
        var options = LlamaModel.LoadOptions()
        options.isVocabularyOnly = true
        let vocabulary = try LlamaModel(path: file.path, options: options).vocabulary
        let constraint = try vocabulary.constraint(Grammar(text: "root ::= .*", seesControlTokens: true))
        let tokens = try constraint.beginning(with: text)
        #expect(tokens.flatMap { vocabulary.bytes(of: $0, showingControl: true) } == Array(text.utf8))
        // As few as there can be where a token begins with each mark.
        #expect(tokens.count <= text.utf8.count - (text.hasPrefix("<|start|>") ? "<|start|>".utf8.count - 1 : 0))
        if text.hasSuffix("assistant") {
            let cut = try vocabulary.tokenize(text, addingSpecial: false, parsingSpecial: true)
            #expect(cut.flatMap { vocabulary.bytes(of: $0, showingControl: true) } != Array(text.utf8))
        }
    }

    @Test func aTextWithoutTokensIsAnError() throws {
        let table = TokenTable(count: 2, endOfGeneration: [1]) { token, bytes in bytes += token == 0 ? [97] : [98] }
        let constraint = try Constraint(Grammar(text: "root ::= .*", field: "tools"), tokens: table)
        #expect(try constraint.beginning(with: "aa") == [0, 0])
        let error = #expect(throws: GenerationError.self) { try constraint.beginning(with: "ab") }
        #expect(error?.parameter == "tools" && error?.message.contains("no tokens for \"ab\"") == true)
    }

    @Test func anAnswerGoesOnFromIt() async throws {
        var writer = GGUFWriter.sentencePieceLlama()
        let url = ModelTemplates.folder.appendingPathComponent(Self.template + ".jinja")
        writer["tokenizer.chat_template"] = .string(try String(contentsOf: url, encoding: .utf8))
        let file = try TemporaryFile(writer.file)
        var options = LlamaOptions(modelPath: file.path)
        (options.contextLength, options.slotCount) = (2048, 1)
        let provider = try await LlamaProvider.load(options)
        // All its logits are equal, so that the grammar alone says what comes.
        var request = GenerationRequest(
            prompt: .messages([Message(role: .user, content: "Hi")]), maxTokens: 30)
        request.tools = [ModelTemplates.weather]
        for seed in UInt64(0)..<4 {
            request.sampling.seed = seed
            let reply = try await provider.reply(to: request)
            #expect(reply.choices.first?.finish?.reason != nil)
            #expect(reply.usage.map { $0.completionTokens > 0 } == true)
        }
        await provider.shutDown()
    }
}
