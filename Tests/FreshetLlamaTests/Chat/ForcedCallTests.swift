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
        let call = ForcedCall(thinkingEnds: ["\n</think>\n"])
        #expect(call.grammar("a ::= b\n\(rule)\nspace ::= | \" \"") == "a ::= b\n\(expected)\nspace ::= | \" \"")
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
        let reading = try CallWalk(rendering, marks: [], seed: 1)
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
}
