import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Templates that are used, and those that cannot be.
@Suite struct ChatTemplatesTests {
    private func failure(_ template: String, _ change: (inout GenerationRequest) -> Void = { _ in }) -> GenerationError?
    {
        do {
            _ = try ModelTemplates.render(try ModelTemplates.model(template: template), change)
            return nil
        } catch {
            return error
        }
    }

    /// A template that writes the beginning-of-sequence mark itself, for a vocabulary that adds one.
    @Test(arguments: [("{{ bos_token }}", 1), ("", 1), ("{{ bos_token }}{{ bos_token }}", 2)])
    func theBeginningIsNotDoubled(_ head: String, _ count: Int) throws {
        let model = try ModelTemplates.model(template: head + "{% for m in messages %}{{ m.content }}{% endfor %}")
        let rendering = try ModelTemplates.render(model)
        let tokens = try model.vocabulary.tokenize(rendering.prompt, addingSpecial: true, parsingSpecial: true)
        let beginning = try #require(model.vocabulary.beginningOfSequence)
        #expect(tokens.filter { $0 == beginning }.count == count && tokens.first == beginning)
    }

    @Test func aConversationIsRendered() throws {
        let template = """
            {%- for m in messages %}[{{ m.role }}{% if m.tool_call_id %} {{ m.tool_call_id }}{% endif %}] {{ m.content }}
            {%- for c in m.tool_calls or [] %}<tool_call>{{ c.id }} {{ c.function.name }} {{ c.function.arguments | tojson }}
            {%- endfor %}{% endfor %}{{ tools | length if tools else 0 }} {{ enable_thinking }} {{ reasoning_effort }} {{ x }}
            """
        let call = ToolCall(id: "i", name: "get_weather", arguments: #"{"city": "é"}"#)
        var turn = Message(role: .assistant, content: "")
        turn.toolCalls = [call]
        let messages = [
            Message(role: .user, content: "ü"), turn, Message(role: .tool, content: "r", toolCallID: "i", name: "f"),
        ]
        let text = try ModelTemplates.render(ModelTemplates.model(template: template)) {
            $0.prompt = .messages(messages)
            ($0.tools, $0.templateArguments) = ([ModelTemplates.weather], ["x": #"["a\u00e9"]"#])
            ($0.reasoning.isEnabled, $0.reasoning.effort, $0.toolChoice) = (false, "l\"w", .none)
        }.prompt
        #expect(text.contains("[user] ü") && text.contains("[tool i] r"), "\(text)")
        #expect(text.contains("i get_weather {\"city\": \"é\"}"), "\(text)")
        #expect(text.hasSuffix(#"1 False l"w aé"#), "\(text)")
    }

    @Test(
        arguments: [
            ("{% if 1 %}", "cannot be used"), ("{{ 1 + }}", "cannot be used"), ("", "no chat template"),
            ("chatml", "no chat template"), ("{{ raise_exception('Only user turns.') }}", "Only user turns."),
            (String(repeating: "a", count: 1 << 17), "longer than"),
        ])
    func anUnusableTemplateIsAnErrorThatSaysSo(_ template: String, _ reason: String) throws {
        let error = try #require(failure(template))
        #expect(error.code == .invalidRequest && error.message.contains(reason), "\(error.message)")
    }

    /// Each would take for ever, all memory, or the stack.
    @Test(
        arguments: [
            "{% for i in range(1000000000) %}x{% endfor %}",
            "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
            "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
            "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
            "{% set n = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}{{ n.s }}",
            "{% set n = namespace(x=[]) %}{% for i in range(300000) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
            "{{ 'a' * 100000000000 }}",
            "{{ " + String(repeating: "(", count: 60_000),
            "{{ 1" + String(repeating: "+1", count: 30_000) + " }}",
            "{{ " + String(repeating: "not ", count: 15_000) + "1 }}",
            String(repeating: "{%if 1%}", count: 7000),
            "{{ messages | map(attribute='content') | join }}{% for i in range(10000000) %}{{ i }}{% endfor %}",
        ])
    func aHostileTemplateIsStopped(_ template: String) async throws {
        let error = try await DedicatedThread.value(named: "test", stackSize: ChatTemplates.stackSize) {
            self.failure(template)
        }
        #expect(error?.code == .invalidRequest, "\(error?.message ?? "nothing was wrong")")
        // The process, and other templates, go on.
        #expect(failure("{{ messages[0].content }}") == nil)
    }

    @Test func theHookThatStopsThemIsThere() { #expect(ChatTemplates.areBounded) }

    @Test func aTemplateWithoutToolsIsToldFromOneThatHasThem() {
        let plain = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant: "
        #expect(failure(plain) { $0.tools = [ModelTemplates.weather] }?.parameter == "tools")
        #expect(failure(plain) { ($0.tools, $0.toolChoice) = ([ModelTemplates.weather], .none) } == nil)
        #expect(
            failure(plain) { $0.prompt = .messages([Message(role: .user, content: "a\0b")]) }?.parameter
                == "messages[0]")
    }

    /// Names that would be one rule to llama.cpp's parser, which lets it read the wrong thing, or recurse without end.
    @Test(
        arguments: [
            ("meta-llama-Llama-3.1-8B-Instruct", ["call"], true), ("openai-gpt-oss-120b", ["call"], true),
            ("inclusionai-ling-3.0-flash", ["f", "call"], true), ("Qwen3-Coder", ["call.root"], true),
            ("Qwen-Qwen3-0.6B", ["get_time", "get-time"], true), ("Qwen-Qwen3-0.6B", ["get_time", "get_times"], false),
            ("Qwen-Qwen3-0.6B", ["recall", "Call", "call_me"], false),
        ])
    func toolsThatAParserWouldConfuseAreRefused(_ template: String, _ names: [String], _ areConfused: Bool) throws {
        let model = try ModelTemplates.model(named: template)
        let tools = names.map {
            Tool(name: $0, parameters: #"{"type":"object","properties":{"a":{"type":"integer"}}}"#)
        }
        func failure(_ choice: ToolChoice) -> GenerationError? {
            do {
                let rendering = try ModelTemplates.render(model) { ($0.tools, $0.toolChoice) = (tools, choice) }
                _ = try rendering.makeParser(seed: 1).read(#"{"name": "call", "parameters": {"a": 1}}"#, isEnd: true)
                return nil
            } catch {
                return error
            }
        }
        for choice in [ToolChoice.auto, .required] {
            let error = failure(choice)
            #expect(areConfused ? error?.parameter == "tools" : error == nil, "\(error?.message ?? "")")
        }
        // Where nothing is called nothing is confused.
        #expect(failure(.none) == nil)
    }

    @Test func templatesAreParsedOnce() throws {
        let model = try ModelTemplates.model()
        #expect(try model.templateCache.templates(of: model) === model.templateCache.templates(of: model))
    }
}
