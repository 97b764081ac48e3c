import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

/// Tools, calls to them and reasoning in OpenAI's requests, both ways.
@Suite struct OpenAIToolTests {
    private static let weather =
        #"{"type":"function","function":{"name":"f","description":"é","parameters":{"type":"object"},"strict":true}}"#

    private func read(_ members: String) throws(GenerationError) -> GenerationRequest {
        let body = #"{"messages":[{"role":"user","content":"Hi"}],"# + members + "}"
        let request = try OpenAIRequest(body: Array(body.utf8), at: .chatCompletions).generation
        try request.validate()
        return request
    }

    @Test func toolsAreRead() throws {
        let request = try read(#""tools":[\#(Self.weather),{"function":{"name":"g"}}],"parallel_tool_calls":false"#)
        #expect(
            request.tools == [
                Tool(name: "f", description: "é", parameters: #"{"type":"object"}"#, isStrict: true), Tool(name: "g"),
            ])
        #expect(request.toolChoice == .auto && !request.callsToolsInParallel)
        let strict = #""tools":[{"function":{"name":"f","strict":true}},{"function":{"name":"g","strict":null}}]"#
        #expect(try read(strict).tools.map(\.isStrict) == [true, false])
        #expect(try read(#""tools":[]"#).tools.isEmpty && read(#""tools":null"#).tools.isEmpty)
    }

    @Test func parametersKeepTheirOrder() throws {
        let schema = #"{ "properties": {"b": {"enum": ["]", "\"}"]}, "a": {}}, "type":"object"}"#
        let tools = #"[{"function":{"name":"f"}}, {"function":{"parameters":\#(schema),"name":"g"}}]"#
        #expect(try read(#""tools":\#(tools)"#).tools.map(\.parameters) == ["", schema])
        for file in [tools, #"{"model":"m","tools":\#(tools)}"#] {
            #expect(try OpenAIRequest.tools(json: Array(file.utf8), of: "The file").map(\.parameters) == ["", schema])
        }
    }

    @Test(
        arguments: [
            (#""none""#, .none), (#""auto""#, .auto), (#""required""#, .required),
            (#"{"type":"function","function":{"name":"f"}}"#, .named("f")),
        ] as [(String, ToolChoice)])
    func choicesAreRead(_ json: String, _ choice: ToolChoice) throws {
        #expect(try read(#""tools":[\#(Self.weather)],"tool_choice":\#(json)"#).toolChoice == choice)
    }

    @Test func reasoningIsRead() throws {
        let request = try read(
            #""chat_template_kwargs":{"enable_thinking":false,"a":[1,"é"],"b":null},"reasoning_effort":"high","#
                + #""reasoning_format":"none","thinking_budget_tokens":7"#)
        var reasoning = ReasoningOptions()
        (reasoning.isEnabled, reasoning.effort, reasoning.budget, reasoning.isSeparate) = (false, "high", 7, false)
        #expect(request.reasoning == reasoning)
        #expect(request.templateArguments == ["a": #"[1,"\u00e9"]"#])
        #expect(try read(#""reasoning_effort":"none""#).reasoning.isEnabled == false)
        #expect(try read(#""enable_thinking":true,"reasoning_budget_tokens":-1"#).reasoning.isEnabled == true)
        #expect(try read(#""reasoning_format":"auto""#).reasoning == ReasoningOptions())
    }

    @Test func callsAndResultsAreRead() throws {
        let body = #"""
            {"messages":[{"role":"assistant","content":null,"reasoning_content":"Hm.","tool_calls":[
            {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
            {"id":"b","function":{"name":"g","arguments":{"y":[2]}}},{"id":"c","function":{"name":"h"}}]},
            {"role":"tool","tool_call_id":"a","name":"f","content":"1"}]}
            """#
        var turn = Message(role: .assistant, content: "")
        turn.reasoning = "Hm."
        turn.toolCalls = [
            ToolCall(id: "a", name: "f", arguments: #"{"x":1}"#),
            ToolCall(id: "b", name: "g", arguments: #"{"y":[2]}"#),
            ToolCall(id: "c", name: "h", arguments: ""),
        ]
        let request = try OpenAIRequest(body: Array(body.utf8), at: .chatCompletions).generation
        try request.validate()
        #expect(
            request.prompt == .messages([turn, Message(role: .tool, content: "1", toolCallID: "a", name: "f")]))
    }

    @Test(
        arguments: [
            (#""tools":5"#, "tools"), (#""tools":[5]"#, "tools[0]"),
            (#""tools":[{"type":"web_search"}]"#, "tools[0].type"),
            (#""tools":[{"type":"function"}]"#, "tools[0].function"),
            (#""tools":[{"function":{"description":"a"}}]"#, "tools[0].function.name"),
            (#""tools":[{"function":{"name":"a b"}}]"#, "tools[0].function.name"),
            (#""tools":[{"function":{"name":"é"}}]"#, "tools[0].function.name"),
            (#""tools":[{"function":{"name":""}}]"#, "tools[0].function.name"),
            (#""tools":[{"function":{"name":"a","parameters":[]}}]"#, "tools[0].function.parameters"),
            (#""tools":[{"function":{"name":"a"}},{"function":{"name":"a"}}]"#, "tools[1].function.name"),
            (#""tool_choice":"required""#, "tool_choice"), (#""tool_choice":"magic""#, "tool_choice"),
            (#""tool_choice":{"type":"function"}"#, "tool_choice.function.name"),
            (#""tool_choice":{"type":"allowed_tools"}"#, "tool_choice.type"),
            (#""tool_choice":{"function":{"name":"f"}}"#, "tool_choice"),
            (#""parallel_tool_calls":1"#, "parallel_tool_calls"), (#""reasoning_effort":1"#, "reasoning_effort"),
            (#""reasoning_effort":"""#, "reasoning_effort"), (#""reasoning_format":"x""#, "reasoning_format"),
            (#""reasoning_budget_tokens":-2"#, "reasoning_budget_tokens"),
            (#""chat_template_kwargs":5"#, "chat_template_kwargs"),
            (#""chat_template_kwargs":{"enable_thinking":"yes"}"#, "chat_template_kwargs.enable_thinking"),
        ])
    func aWrongValueIsNamed(_ members: String, _ parameter: String) throws {
        let error = #expect(throws: GenerationError.self) { try self.read(members) }
        #expect(error?.code == .invalidRequest && error?.parameter == parameter, "\(error?.message ?? "-")")
        #expect(error?.message.hasSuffix(".") == true)
    }

    /// Anything a request with tools can hold, in the form in which a server's text comes back.
    static func addTools(to request: inout GenerationRequest, _ generator: inout SeededGenerator) {
        request.callsToolsInParallel = generator.chance(0.5)
        request.reasoning.isEnabled = generator.pick([nil, true, false])
        request.reasoning.effort = generator.pick([nil, "low", "é\""])
        request.reasoning.budget = generator.pick([nil, 0, 512])
        request.reasoning.isSeparate = generator.chance(0.5)
        request.templateArguments = generator.pick([[:], ["a": "true"], ["b": #"{"c":[1.5,"\u00e9"]}"#, "d": "\"x\""]])
        guard case .messages(var messages) = request.prompt else { return }
        request.tools = [
            Tool(
                name: "f", description: "Ü\n", parameters: #"{"properties":{"x":{"type":"integer"}},"type":"object"}"#),
            Tool(name: "g-2.x", isStrict: generator.chance(0.5)),
        ]
        request.toolChoice = generator.pick([.auto, .none, .required, .named("g-2.x")])
        for place in messages.indices where messages[place].role == .assistant {
            messages[place].reasoning = generator.pick(["", "Hm…"])
            messages[place].toolCalls = [
                ToolCall(id: "1", name: "f", arguments: "{\"x\": 1"), ToolCall(id: "", name: "é", arguments: ""),
            ]
        }
        for place in messages.indices where messages[place].role == .tool {
            messages[place].toolCallID = generator.pick([nil, "1"])
            messages[place].name = generator.pick([nil, "f"])
        }
        request.prompt = .messages(messages)
    }
}
