import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

@Suite struct ForcedCallTests {
    @Test(
        arguments: [
            (#"root ::= "x" space until-9? tool-call"#, #"root ::= "x" space tool-call"#),
            (
                #"root ::= space ("<think>" "\n"? until-10 "\n"? "</think>" "\n"?)? until-1? tool-call"#,
                #"root ::= space ("<think>" "\n"? until-10 "\n"? "</think>" "\n"?)? space tool-call"#
            ),
            (
                #"root ::= ("<think>" space until-6 ("</think>" | ))? space until-177 space tool-call-root"#,
                #"root ::= ("<think>" space until-6 ("</think>" | ))? space space tool-call-root"#
            ),
            (
                #"root ::= "<think>" space until-3 space "</think>" space until-182 tool-call"#,
                #"root ::= "<think>" space until-3 space "</think>" space tool-call"#
            ),
            (
                #"root ::= "a" "<think>" until-3 "</think>" until-182 tool-call until-4"#,
                #"root ::= "a" "<think>" until-3 "</think>" space tool-call"#
            ),
            (#"root ::= "a)\"|" ("all\n" until-0 tools | tools)"#, #"root ::= "a)\"|" (tools)"#),
            (
                #"root ::= space ("<R>" until-20 "</R>")? until-3? call-1{0,3} until-2? [^)|]+"#,
                #"root ::= space call-1{0,3} [^)|]+"#
            ),
            (
                #"root ::= "a" ("<think>" until-18 space c | ("<think>" until-17 "</think>")? until-1 space c)"#,
                #"root ::= "a" (("<think>" until-17 "</think>")? space c)"#
            ),
            ("any ::= preamble | analysis", "any ::= analysis"),
            ("until-1 ::= | [<] until-1", "until-1 ::= | [<] until-1"),
        ])
    func freeTextIsTakenOut(_ rule: String, _ expected: String) {
        var call = ForcedCall(thinkingEnds: ["\n</think>\n"])
        #expect(call.grammar("a ::= b\n\(rule)\nspace ::= | \" \"") == "a ::= b\n\(expected)\nspace ::= | \" \"")
    }

    /// A grammar for calls, read byte by byte.
    private final class Reading {
        private var automaton: GrammarAutomaton
        /// Where an answer begins.
        private(set) var start: Int32

        init(_ rendering: ChatRendering) throws {
            automaton = GrammarAutomaton(try GrammarRules(#require(rendering.callGrammar)))
            start = automaton.start()
            start = read(rendering.generationPrompt.utf8, from: start)
        }

        func read(_ bytes: some Sequence<UInt8>, from state: Int32) -> Int32 {
            var state = state
            for byte in bytes where state != GrammarAutomaton.dead { state = automaton.step(state, byte) }
            return state
        }

        func isEnd(_ state: Int32) -> Bool { state != GrammarAutomaton.dead && automaton.isEnd(state) }
    }

    private func render(_ template: String, _ tool: Tool, isParallel: Bool = false) throws -> ChatRendering {
        try ModelTemplates.render(ModelTemplates.model(named: template)) {
            ($0.tools, $0.toolChoice, $0.callsToolsInParallel) = ([tool], .required, isParallel)
        }
    }

    /// From the name on up to the arguments there is nothing that a model could write without end, and no other name.
    @Test(arguments: ModelTemplates.outputs.filter { [.call, .calls].contains($0.kind) })
    func aRecordedCallIsTakenAndNoTextInItsPlace(_ output: ModelTemplates.Output) throws {
        let rendering = try render(output.template, ModelTemplates.weather, isParallel: output.kind == .calls)
        let reading = try Reading(rendering)
        let whole = reading.read(output.text.utf8, from: reading.start)
        try #require(reading.isEnd(whole))
        let name = try #require(output.text.range(of: "get_weather"))
        let arguments = try #require(output.text.range(of: "city"))
        var state = reading.read(output.text[..<name.lowerBound].utf8, from: reading.start)
        for place in output.text.indices[name.lowerBound..<arguments.lowerBound] {
            try #require(state != GrammarAutomaton.dead)
            for text in ["a", "1", " ", "\n", "é", "well, "] {
                let last = reading.read(String(repeating: text, count: 100).utf8, from: state)
                try #require(last == GrammarAutomaton.dead, "\(output.text[..<place]) and then \(text)…")
            }
            state = reading.read(output.text[place...place].utf8, from: state)
        }
    }

    private static let walkers = [
        "openai-gpt-oss-120b", "muse-glimmer", "Kimi-K2-Thinking", "Kimi-K2-Instruct", "Qwen-Qwen3-0.6B", "Cohere2MoE",
        "mistralai-Mistral-Nemo-Instruct-2407", "Qwen3-Coder", "ByteDance-Seed-OSS", "deepseek-ai-DeepSeek-V3.2",
        "MiniMax-M2", "openbmb-MiniCPM5-1B", "GLM-4.6", "GLM-4.7-Flash", "poolside-Laguna-XS.2",
        "Mistral-Small-3.2-24B-Instruct-2506",
    ]

    /// Any bytes that the grammar takes end in a call soon, and the parser finds it.
    @Test(arguments: walkers) func aWalkEndsInACall(_ template: String) throws {
        let tool = Tool(
            name: "get_weather",
            parameters:
                #"{"type":"object","properties":{"days":{"type":"integer","minimum":1,"maximum":5}},"required":["days"]}"#
        )
        let rendering = try render(template, tool)
        let reading = try Reading(rendering)
        let output = try #require(ModelTemplates.outputs.first { $0.template == template && $0.kind == .call })
        let name = try #require(output.text.range(of: "get_weather"))
        // What is before the name may be a thought, which has no end of its own.
        let beginning = String(output.text[..<name.lowerBound])
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<20 {
            var (state, bytes) = (reading.read(beginning.utf8, from: reading.start), Array(beginning.utf8))
            for _ in 0..<2000 where !reading.isEnd(state) {
                let ways = (UInt8.min...UInt8.max).filter { reading.read([$0], from: state) != GrammarAutomaton.dead }
                bytes.append(try #require(ways.isEmpty ? nil : generator.pick(ways)))
                state = reading.read(bytes.suffix(1), from: state)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            try #require(reading.isEnd(state), "\(text)")
            let parser = rendering.makeParser(seed: 7)
            var reply = Reply()
            for content in try parser.read(text, isEnd: false) + parser.read("", isEnd: true) {
                reply.append(Chunk(id: "a", created: 0, model: "m", content: content))
            }
            let call = try #require(reply.choices.first?.toolCalls.first, "\(text)")
            let arguments = try JSONDecoder().decode([String: Int].self, from: Data(call.arguments.utf8))
            // llama.cpp's forms of these two let what is required be left out.
            let mayLack = ["muse-glimmer", "openbmb-MiniCPM5-1B"].contains(template)
            #expect(call.name == "get_weather" && reply.choices[0].toolCalls.count == 1, "\(text)")
            #expect(arguments["days"].map { 1...5 ~= $0 } ?? mayLack, "\(text)")
        }
    }
}
