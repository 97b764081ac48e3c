import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Texts that are held to a form, behind thoughts and the marks of a template.
@Suite struct HeldTextTests {
    private func render(_ template: String) throws -> ChatRendering {
        try ModelTemplates.render(ModelTemplates.model(named: template)) { $0.responseFormat = .jsonObject }
    }

    /// Each template's parser takes for the text what follows where the text may begin, and the answer may not end before.
    @Test(arguments: ModelTemplates.outputs.filter { $0.kind == .text || $0.kind == .reasoning })
    func aTextBeginsWhereItsParserSaysSo(_ output: ModelTemplates.Output) throws {
        let rendering = try render(output.template)
        let grammar = try #require(rendering.openingGrammar)
        var automaton = GrammarAutomaton(try GrammarRules(grammar))
        var state = automaton.start()
        for byte in rendering.generationPrompt.utf8 { state = automaton.step(state, byte) }
        var opening: [UInt8] = []
        for byte in output.text.utf8 {
            // What is no beginning of a turn to its parser is held as a text from its first token.
            guard state != GrammarAutomaton.dead, !automaton.wantsTokens(state) else { break }
            let mayEnd = automaton.isEnd(state)
            #expect(!mayEnd)
            opening.append(byte)
            state = automaton.step(state, byte)
        }
        let form = #"{"a": "Hi <think>\n"}"#
        let parser = rendering.makeParser(seed: 1)
        var (text, reasoning) = ("", "")
        for content in try parser.read(String(decoding: opening, as: UTF8.self) + form, isEnd: true) {
            switch content {
            case .text(let piece): text += piece
            case .reasoning(let piece): reasoning += piece
            default: Issue.record("\(content)")
            }
        }
        #expect(text == form)
        #expect(opening.isEmpty || output.kind == .text || reasoning.contains("Let me think."), "\(reasoning)")
    }

    /// A toy writes these bytes where nothing keeps it from that.
    private func reply(_ answer: String, maxTokens: Int) async throws -> Reply.Choice {
        let rendering = try render("Qwen-QwQ-32B")
        let tokens = TokenTable(count: 257, endOfGeneration: [ToyBackend.endOfGeneration]) { token, bytes in
            if token < 256 { bytes.append(UInt8(token)) }
        }
        var form = AnswerForm { _ in rendering.makeParser(seed: 1) }
        let opening = try #require(rendering.openingGrammar)
        form.begin(opening: try Constraint(opening, tokens: tokens), with: rendering.generationPrompt)
        var tracker = ThinkingTracker(
            start: rendering.thinkingStart, ends: rendering.thinkingEnds,
            forced: Array("</think>".utf8).map { Token($0) }, budget: 20)
        tracker.begin(after: rendering.generationPrompt)
        form.thinking = tracker
        let engine = try await InferenceEngine.toy(ToyBackend.Script(contextLength: 2000, bytes: Array(answer.utf8)))
        var request = GenerationRequest(prompt: .text("A"), sampling: .greedy, maxTokens: maxTokens)
        request.sampling.seed = 1
        let object = try #require(try ResponseFormat.jsonObject.grammar())
        let json = try Constraint(object, tokens: tokens)
        let stream = try engine.submit(request, tokens: [65], form: form, constraint: json)
        var reply = Reply()
        for try await chunk in stream { reply.append(chunk) }
        await engine.shutDown()
        return reply.choices[0]
    }

    @Test func aTagInATextEndsNoForm() async throws {
        let choice = try await reply(#"x</think>{"a":"<think>yyyyyyyyyyyyyyyyyyyyyyyyyyy"}no"#, maxTokens: 100)
        #expect(choice.text == #"{"a":"<think>yyyyyyyyyyyyyyyyyyyyyyyyyyy"}"# && choice.finish?.reason == .stop)
        #expect(choice.reasoning.contains("x"))
    }

    @Test func anAnswerDoesNotEndInItsThoughts() async throws {
        // What it writes ends there; the budget ends the thoughts.
        let choice = try await reply("xy", maxTokens: 300)
        #expect(choice.reasoning.contains("xy"))
        let end = try #require(choice.finish?.reason)
        #expect(end == .length || (try? JSONSerialization.jsonObject(with: Data(choice.text.utf8))) != nil, "\(choice)")
        #expect(!choice.text.isEmpty)
    }

    /// Families whose texts stand behind a mark, and some that think first.
    @Test(
        arguments: [
            "openai-gpt-oss-120b", "meetkai-functionary-medium-v3.2", "muse-glimmer", "Cohere2MoE",
            "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "Kimi-K3",
        ])
    func whatEndsByItselfHasTheForm(_ template: String) async throws {
        var options = LlamaOptions.embedded
        options.load.chatTemplate = try String(
            contentsOf: ModelTemplates.folder.appendingPathComponent(template + ".jinja"), encoding: .utf8)
        let provider = try await LlamaProvider.load(options)
        var request = GenerationRequest(
            prompt: .messages([Message(role: .user, content: "Hello!")]), maxTokens: 150,
            responseFormat: .regex("\\{[0-9]{1,3}\\}"))
        // The embedded model's own end is what ends gpt-oss's thoughts.
        request.reasoning.budget = template.contains("gpt-oss") ? nil : 5
        var whole = 0
        for seed: UInt64 in 0..<6 {
            request.sampling.seed = seed
            let choice = try await provider.reply(to: request).choices[0]
            #expect(
                choice.finish?.reason == .length || choice.text.wholeMatch(of: /\{[0-9]{1,3}\}/) != nil, "\(choice)")
            whole += choice.finish?.reason == .stop ? 1 : 0
        }
        // What begins muse-glimmer's thoughts is no fixed text, so that they have no budget.
        #expect(whole == 6 || whole > 0 && template.contains("gpt-oss") || template == "muse-glimmer")
        await provider.shutDown()
    }
}
