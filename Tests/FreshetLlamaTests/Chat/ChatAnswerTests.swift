import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Conversations with tools and reasoning, through the engine.
@Suite struct ChatAnswerTests {
    /// A template with tools.
    private static let tools = EmbeddedModel.repository.appendingPathComponent("Tests/clients/tools.jinja")

    /// What a toy that answers with those bytes gives, and how. It takes capital letters at the beginning for a prompt.
    private func reply(
        _ answer: String, maxTokens: Int? = nil, stop: [String] = [], _ form: AnswerForm
    ) async throws -> (reply: Reply, contents: [Chunk.Content]) {
        let engine = try await InferenceEngine.toy(ToyBackend.Script(contextLength: 2000, bytes: Array(answer.utf8)))
        var request = GenerationRequest(prompt: .text("A"), sampling: .greedy, maxTokens: maxTokens, stop: stop)
        request.sampling.seed = 1
        let stream = try engine.submit(request, tokens: [65], form: form)
        var (reply, contents) = (Reply(), [Chunk.Content]())
        for try await chunk in stream {
            reply.append(chunk)
            contents.append(chunk.content)
        }
        await engine.shutDown()
        return (reply, contents)
    }

    private func form(tools: Bool = true) throws -> AnswerForm {
        let rendering = try ModelTemplates.render(
            ModelTemplates.model(template: String(contentsOf: Self.tools, encoding: .utf8))
        ) {
            if tools { $0.tools = [ModelTemplates.weather] }
        }
        return AnswerForm { _ in rendering.makeParser(seed: 1) }
    }

    @Test func callsAreStreamedInPieces() async throws {
        let call = "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Zürich\"}}\n</tool_call>"
        let (reply, contents) = try await reply("so:" + call, form())
        let choice = reply.choices[0]
        #expect(choice.text == "so:" && choice.finish?.reason == .toolCalls)
        #expect(choice.toolCalls.map(\.name) == ["get_weather"])
        #expect(choice.toolCalls.map(\.arguments) == [#"{"city": "Zürich"}"#])
        let pieces = contents.count { if case .toolCall = $0 { true } else { false } }
        #expect(pieces > 10, "held back to the end: \(pieces)")
        // Cut short, the call stays a beginning, and the reason says so.
        let cut = try await self.reply("so:" + call, maxTokens: 60, form()).reply.choices[0]
        let (begun, whole) = (try #require(cut.toolCalls.first), try #require(choice.toolCalls.first))
        #expect(cut.finish?.reason == .length && whole.arguments.hasPrefix(begun.arguments))
    }

    @Test func aStopOfTheTemplateIsNoStopSequence() async throws {
        var form = try form(tools: false)
        form.stops = ["</end>"]
        let own = try await reply("yes.</end>no.", form).reply.choices[0]
        #expect(own.text == "yes." && own.finish == Finish(.stop))
        let asked = try await reply("yes.</end>no.", stop: ["s."], form).reply.choices[0]
        #expect(asked.text == "ye" && asked.finish == Finish(.stop, stopSequence: "s."))
    }

    @Test func aBudgetEndsTheThoughts() async throws {
        // The toy knows no tags as tokens; its end tag is bytes.
        let rendering = try ModelTemplates.render(ModelTemplates.model(named: "Qwen-QwQ-32B"))
        for budget in [0, 1, 5] {
            var form = AnswerForm { _ in rendering.makeParser(seed: 1) }
            var tracker = ThinkingTracker(
                start: rendering.thinkingStart, ends: rendering.thinkingEnds,
                forced: Array("</think>".utf8).map { Token($0) }, budget: budget)
            tracker.begin(after: rendering.generationPrompt)
            form.thinking = tracker
            let reply = try await reply(String(repeating: "x", count: 30), form).reply
            let choice = reply.choices[0]
            // The prompt begins the thoughts with a line end, which is none of the answer's.
            #expect(choice.reasoning == String(repeating: "x", count: budget))
            #expect(choice.text == String(repeating: "x", count: 30 - budget - 8))
            #expect(reply.usage?.reasoningTokens == budget && choice.finish?.reason == .stop)
        }
    }

    /// The embedded model with a template that its own is no match for.
    private func provider(template: String) async throws -> LlamaProvider {
        var options = LlamaOptions.embedded
        options.load.chatTemplate = template
        return try await LlamaProvider.load(options)
    }

    /// It begins every answer with thoughts.
    private static let thinker = """
        {%- for m in messages %}<|{{ m.role }}|>{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}\
        {{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|><think>{% endif %}
        """

    /// Words without sense, in the form of calls.
    @Test(arguments: [ToolChoice.required, .named("get_time")], [false, true])
    func aCallIsForced(_ choice: ToolChoice, isParallel: Bool) async throws {
        let provider = try await provider(template: String(contentsOf: Self.tools, encoding: .utf8))
        var request = GenerationRequest(
            prompt: .messages([Message(role: .user, content: "Hello!")]), maxTokens: 300)
        let schema = #"{"type":"object","properties":{"city":{"enum":["Oslo","Zürich"]}},"required":["city"]}"#
        request.tools = [Tool(name: "get_weather", parameters: schema), Tool(name: "get_time", parameters: schema)]
        (request.toolChoice, request.callsToolsInParallel) = (choice, isParallel)
        var identifiers: Set<String> = []
        for seed: UInt64 in 0..<4 {
            request.sampling.seed = seed
            let answer = try await provider.reply(to: request).choices[0]
            #expect(answer.text.allSatisfy { $0.isWhitespace }, "\(answer.text)")
            let isWhole = answer.finish?.reason == .toolCalls
            #expect(isWhole || isParallel && answer.finish?.reason == .length)
            #expect(isParallel ? !answer.toolCalls.isEmpty : answer.toolCalls.count == 1)
            for call in isWhole ? answer.toolCalls[...] : answer.toolCalls.dropLast() {
                let arguments = try JSONDecoder().decode([String: String].self, from: Data(call.arguments.utf8))
                #expect(arguments.keys.sorted() == ["city"] && ["Oslo", "Zürich"].contains(arguments["city"]))
                #expect(choice == .required ? call.name.hasPrefix("get_") : call.name == "get_time")
                identifiers.insert(call.id)
            }
            #expect(try await provider.reply(to: request).choices[0] == answer)
        }
        #expect(identifiers.count >= 4)
        request.responseFormat = .jsonObject
        let both = request
        let error = await #expect(throws: GenerationError.self) { try await provider.stream(both) }
        #expect(error?.parameter == "response_format")
        await provider.shutDown()
    }

    @Test func aFormHoldsForWhatComesAfterTheThoughts() async throws {
        let provider = try await provider(template: Self.thinker)
        var request = GenerationRequest(
            prompt: .messages([Message(role: .user, content: "Hello!")]), maxTokens: 60)
        (request.reasoning.budget, request.responseFormat, request.sampling.seed) = (9, .regex("(yes|no)!"), 3)
        request.sampling.ignoresEndOfGeneration = true
        let answer = try await provider.reply(to: request).choices[0]
        #expect(!answer.reasoning.isEmpty && ["yes!", "no!"].contains(answer.text), "\(answer)")
        #expect(answer.finish?.reason == .stop)
        await provider.shutDown()
    }

    @Test func theEmbeddedModelThinksNoLongerThanItMay() async throws {
        let provider = try await provider(template: Self.thinker)
        var request = GenerationRequest(
            prompt: .messages([Message(role: .user, content: "Hello!")]), sampling: .greedy, maxTokens: 30)
        request.sampling.ignoresEndOfGeneration = true
        request.reasoning.budget = 7
        let reply = try await provider.reply(to: request)
        let choice = reply.choices[0]
        #expect(!choice.reasoning.isEmpty && !choice.text.isEmpty && !choice.text.contains("think"))
        #expect(reply.usage?.reasoningTokens == 7)
        request.reasoning.isSeparate = false
        let raw = try await provider.reply(to: request).choices[0]
        #expect(raw.reasoning.isEmpty && raw.text.contains("</think>"))
        await provider.shutDown()
    }
}
