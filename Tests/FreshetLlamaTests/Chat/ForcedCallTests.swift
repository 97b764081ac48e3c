import Foundation
import Freshet
import Testing

@testable import FreshetLlama

@Suite struct ForcedCallTests {
    @Test(
        arguments: [
            (#"root ::= "x" space until-9? tool-call"#, #"root ::= "x" space tool-call"#),
            (
                #"root ::= space ("<think>" "\n"? until-10 "\n"? "</think>" "\n"?)? until-1? tool-call"#,
                #"root ::= space ("<think>" "\n"? until-10 "\n"? "</think>" "\n"?)? tool-call"#
            ),
            (
                #"root ::= ("<think>" space until-6 ("</think>" | ))? space until-177 space tool-call-root"#,
                #"root ::= ("<think>" space until-6 ("</think>" | ))? space space tool-call-root"#
            ),
            (
                #"root ::= "<think>" space until-3 space "</think>" space until-182 tool-call"#,
                #"root ::= "<think>" space until-3 space "</think>" space tool-call"#
            ),
            (#"root ::= "a)\"|" ("all\n" until-0 tools | tools)"#, #"root ::= "a)\"|" (tools)"#),
            (
                #"root ::= space ("<R>" until-20 "</R>")? call-1{0,3} until-2? [^)|]+"#,
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
}
