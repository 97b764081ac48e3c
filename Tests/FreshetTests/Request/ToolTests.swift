import Foundation
import Freshet
import Testing

@Suite struct ToolTests {
    private func complaint(_ change: (inout GenerationRequest, inout Message) -> Void) -> String? {
        var request = GenerationRequest(prompt: .text(""))
        var message = Message(role: .assistant, content: "")
        request.prompt = .messages([])
        change(&request, &message)
        if case .messages = request.prompt { request.prompt = .messages([message]) }
        do {
            try request.validate()
            return nil
        } catch {
            return error.code == .invalidRequest ? error.parameter : "\(error.code)"
        }
    }

    private static func nested(_ levels: Int) -> String {
        String(repeating: #"{"a":"#, count: levels) + "1" + String(repeating: "}", count: levels)
    }

    @Test func toolsAreBounded() {
        let limits = Tool.byteLimits
        func tools(_ count: Int) -> [Tool] { (0..<count).map { Tool(name: "t\($0)") } }
        #expect(complaint { request, _ in request.tools = tools(Tool.countLimit) } == nil)
        #expect(complaint { request, _ in request.tools = tools(Tool.countLimit + 1) } == "tools")
        for (tool, parameter) in [
            (Tool(name: String(repeating: "a", count: limits.name)), nil),
            (Tool(name: String(repeating: "a", count: limits.name + 1)), "name"), (Tool(name: "ａ"), "name"),
            (Tool(name: "f", description: String(repeating: "a", count: limits.description)), nil),
            (Tool(name: "f", description: String(repeating: "a", count: limits.description + 1)), "description"),
            (Tool(name: "f", parameters: " { } "), nil), (Tool(name: "f", parameters: "[]"), "parameters"),
            (Tool(name: "f", parameters: Self.nested(Tool.nestingLimit)), nil),
            (Tool(name: "f", parameters: Self.nested(Tool.nestingLimit + 1)), "parameters"),
            // Brackets in a text nest nothing.
            (Tool(name: "f", parameters: #"{"a":"\"\#(String(repeating: "[", count: 500))"}"#), nil),
        ] as [(Tool, String?)] {
            let expected = parameter.map { "tools[0].function.\($0)" }
            #expect(complaint { request, _ in request.tools = [tool] } == expected)
        }
    }

    @Test func aChoiceHasItsTool() {
        let tools = [Tool(name: "f")]
        #expect(complaint { request, _ in (request.tools, request.toolChoice) = (tools, .required) } == nil)
        #expect(complaint { request, _ in (request.tools, request.toolChoice) = (tools, .named("f")) } == nil)
        #expect(complaint { request, _ in (request.tools, request.toolChoice) = (tools, .named("g")) } == "tool_choice")
        #expect(complaint { request, _ in request.toolChoice = .required } == "tool_choice")
        #expect(complaint { request, _ in request.toolChoice = .none } == nil)
        #expect(complaint { request, _ in (request.tools, request.prompt) = (tools, .text("a")) } == "tools")
    }

    @Test func turnsAreBounded() {
        let call = ToolCall(id: "i", name: "f", arguments: "{}")
        func calls(_ change: (inout ToolCall) -> Void) -> String? {
            var other = call
            change(&other)
            return complaint { _, message in message.toolCalls = [call, other] }
        }
        let long = String(repeating: "a", count: Message.nameLimit + 1)
        #expect(calls { _ in } == nil)
        #expect(calls { $0.id = long } == "messages[0].tool_calls[1].id")
        #expect(calls { $0.name = long } == "messages[0].tool_calls[1].function.name")
        #expect(calls { $0.name = "" } == "messages[0].tool_calls[1].function.name")
        for arguments in ["", "3", #"{"a": [1, null]}"#] { #expect(calls { $0.arguments = arguments } == nil) }
        for arguments in ["not JSON", #"{"a":"#, "{} {}"] {
            #expect(calls { $0.arguments = arguments } == "messages[0].tool_calls[1].function.arguments")
        }
        #expect(
            calls { $0.arguments = String(repeating: "[", count: 65) } == "messages[0].tool_calls[1].function.arguments"
        )
        let most = Message.callLimit
        #expect(complaint { $1.toolCalls = Array(repeating: call, count: most) } == nil)
        #expect(complaint { $1.toolCalls = Array(repeating: call, count: most + 1) } == "messages[0].tool_calls")
        #expect(complaint { ($1.toolCalls, $1.role) = ([call], .user) } == "messages[0].tool_calls")
        #expect(complaint { $1.toolCallID = long } == "messages[0].tool_call_id")
        #expect(complaint { $1.name = long } == "messages[0].name")
    }

    @Test func reasoningAndTemplateArgumentsAreBounded() {
        #expect(complaint { request, _ in request.reasoning.budget = 0 } == nil)
        #expect(complaint { request, _ in request.reasoning.budget = -1 } == "reasoning_budget_tokens")
        #expect(complaint { request, _ in request.reasoning.effort = "" } == "reasoning_effort")
        let (count, bytes) = GenerationRequest.templateArgumentLimits
        func arguments(_ count: Int) -> [String: String] {
            Dictionary(uniqueKeysWithValues: (0..<count).map { ("a\($0)", "1") })
        }
        #expect(complaint { request, _ in request.templateArguments = arguments(count) } == nil)
        for wrong in [
            arguments(count + 1), ["a": String(repeating: "1", count: bytes)], ["a": String(repeating: "[", count: 65)],
        ] {
            #expect(complaint { request, _ in request.templateArguments = wrong } == "chat_template_kwargs")
        }
    }

    @Test func anAnswerBecomesATurnAndIsItsWireForm() throws {
        var reply = Reply()
        for content: Chunk.Content in [
            .role(.assistant), .reasoning("Hm."), .toolCall(ToolCallFragment(index: 0, id: "i", name: "f")),
            .toolCall(ToolCallFragment(index: 0, arguments: "{}")),
        ] {
            reply.append(Chunk(id: "", created: 0, model: "", content: content))
        }
        let turn = Message(reply.choices[0])
        #expect(turn.toolCalls == [ToolCall(id: "i", name: "f", arguments: "{}")] && turn.reasoning == "Hm.")
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = String(decoding: try encoder.encode(turn), as: UTF8.self)
        let call = #"{"function":{"arguments":"{}","name":"f"},"id":"i","type":"function"}"#
        #expect(
            json == #"{"content":"","reasoning_content":"Hm.","role":"assistant","tool_calls":[\#(call)]}"#)
        let result = Message(role: .tool, content: "1", toolCallID: "i", name: "f")
        for message in [turn, result] {
            #expect(try JSONDecoder().decode(Message.self, from: encoder.encode(message)) == message)
        }
        let null = #"{"role":"assistant","content":null,"tool_calls":[\#(call)]}"#
        #expect(try JSONDecoder().decode(Message.self, from: Data(null.utf8)).toolCalls == turn.toolCalls)
    }
}
