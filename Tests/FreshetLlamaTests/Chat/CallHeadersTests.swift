import Testing

@testable import FreshetLlama

@Suite struct CallHeadersTests {
    /// A rule of each form whose headers llama.cpp leaves open, and what it becomes.
    private static let rules = [
        (
            #"tool-f ::= (" to=functions." "f" (space "<|constrain|>"? [A-Za-z0-9_-]+)? "<|message|>") a | b"#,
            #"tool-f ::= (" to=functions." "f" (" "? "<|constrain|>" [A-Za-z0-9_-]{1,16} | " " [A-Za-z0-9_-]{1,16})? "#
                + #""<|message|>") a | b"#
        ),
        (
            #"tool-f ::= (" to=" until-158 "<|message|><atem:function_calls>" space) a"#,
            #"tool-f ::= (" to=" [A-Za-z0-9_.-]{1,80} "<|message|><atem:function_calls>" space) a"#
        ),
        (
            #"tool-f ::= (("functions." "f" ":" [0-9]+) "<|tool_call_argument_begin|>") a"#,
            #"tool-f ::= (("functions." "f" ":" [0-9]{1,4}) "<|tool_call_argument_begin|>") a"#
        ),
        (
            #"kimi-k3-arg-f-a ::= "key=\"" "a" "\"" until-34 "<|sep|>" until-28 "<|close|>""#,
            #"kimi-k3-arg-f-a ::= "key=\"" "a" "\"" (" " [a-z]{1,8} "=\"" [a-z0-9]{1,8} "\"")? "<|sep|>" until-28 "#
                + #""<|close|>""#
        ),
        (
            #"tool-f ::= ("" "f" "[ARGS]") ("[CALL_ID]" until-5)? "[ARGS]" a"#,
            #"tool-f ::= ("" "f") ("[CALL_ID]" [A-Za-z0-9]{9})? "[ARGS]" a"#
        ),
        (
            #"tool-f ::= a "," ("\"id\"" space ":" space \#(identifier))? space "}""#,
            #"tool-f ::= a "," ("\"id\"" space ":" space "\"" [A-Za-z0-9]{9} "\"") space "}""#
        ),
        (
            #"tool-f ::= "{" ("\"tool_call_id\"" space ":" space \#(identifier))? space "," a"#,
            #"tool-f ::= "{" ("\"tool_call_id\"" space ":" space ("\"" [A-Za-z0-9_-]{1,64} "\"" | "0" | [1-9] [0-9]{0,8})) "#
                + #"space "," a"#
        ),
        (
            #"tool-f ::= "{" ("\"id\"" space ":" space \#(identifier) space ",")? a"#,
            #"tool-f ::= "{" ("\"id\"" space ":" space ("\"" [A-Za-z0-9_-]{1,64} "\"" | "0" | [1-9] [0-9]{0,8}) space ",")? a"#
        ),
    ]

    private static let identifier =
        #"("\"" ( [^"\\] | "\\" ( ["\\/ bfnrt] | "u" [0-9a-fA-F]{4} ) )* "\"" | json-number)"#

    @Test(arguments: rules) func whatLeadsToArgumentsHasAnEnd(_ rule: String, _ bounded: String) {
        let others = "root ::= until-158 tool-f\nuntil-158 ::= | [<] until-158\ntool-f-schema ::= \":\" [0-9]+\n"
        #expect(CallHeaders.bounded(others + rule, isParallel: true) == others + bounded)
    }

    @Test(arguments: ["tool-calls ::= (tool-call space)+", "tools ::= (tool-f | tool-g)+"])
    func oneCallIsOne(_ rule: String) {
        #expect(CallHeaders.bounded(rule, isParallel: true) == rule)
        #expect(CallHeaders.bounded(rule, isParallel: false) == String(rule.dropLast()))
    }
}
