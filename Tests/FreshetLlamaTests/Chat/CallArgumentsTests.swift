import Freshet
import Testing

@testable import FreshetLlama

/// Arguments of calls, in forms that are not JSON.
@Suite struct CallArgumentsTests {
    /// Each argument at most once, in any order, and all that are required.
    @Test(arguments: 0..<8, [false, true]) func argumentsComeOnce(_ required: Int, _ isList: Bool) throws {
        let names = ["a", "b", "c"]
        let arguments = names.indices.map { place in
            ArgumentOrder.Argument(
                items: [.plain("\"\(names[place])\""), .plain("\"!\"")], isRequired: required >> place & 1 == 1)
        }
        var order = ArgumentOrder()
        let items = order.sequence(of: arguments, isList ? [.plain("\",\"")] : [], [], isList: isList, "x")
        let rules = order.rules.map { "\($0.name) ::= \($0.text)" }
        let grammar = try GrammarReading((["root ::= " + RuleText([items]).text] + rules).joined(separator: "\n"))
        var texts: [[String]] = [[]]
        for _ in 0..<4 { texts += texts.flatMap { text in names.map { text + [$0] } } }
        for text in Set(texts) {
            let isWhole = names.indices.allSatisfy { required >> $0 & 1 == 0 || text.contains(names[$0]) }
            let isTaken = isWhole && Set(text).count == text.count && (!isList || !text.isEmpty)
            let written = text.map { $0 + "!" }.joined(separator: isList ? "," : "")
            #expect(grammar.reads(written) == isTaken, "\(written)")
        }
    }

    /// Of many, the required ones are first, and the others no more than there are.
    @Test(arguments: [false, true]) func manyArgumentsHaveAnOrder(_ isList: Bool) throws {
        let arguments = (0..<9).map {
            ArgumentOrder.Argument(items: [.plain("\"\($0)\"")], isRequired: $0 == 4 || $0 == 7)
        }
        func reading(_ arguments: [ArgumentOrder.Argument]) throws -> GrammarReading {
            var order = ArgumentOrder()
            let items = order.sequence(of: arguments, isList ? [.plain("\",\"")] : [], [], isList: isList, "x")
            let rules = order.rules.map { "\($0.name) ::= \($0.text)" }
            return try GrammarReading((["root ::= " + RuleText([items]).text] + rules).joined(separator: "\n"))
        }
        func written(_ text: String) -> String { isList ? text.map(String.init).joined(separator: ",") : text }
        let nine = try reading(arguments)
        for text in ["47", "470123568", "473333333"] { #expect(nine.reads(written(text)), "\(text)") }
        for text in ["4", "74", "047", "4701235680", "477", ""] { #expect(!nine.reads(written(text)), "\(text)") }
        let few = try reading([0, 1, 2, 3, 4, 5, 7].map { arguments[$0] })
        for text in ["47", "4750123", "472"] { #expect(few.reads(written(text)), "\(text)") }
        for text in ["4700", "7", "47501230", "74", "047"] { #expect(!few.reads(written(text)), "\(text)") }
        let free = try reading(arguments.filter { !$0.isRequired })
        for text in ["0", "8123560", "0000000"] { #expect(free.reads(written(text)), "\(text)") }
        #expect(!free.reads(written("01235680")) && free.reads("") != isList)
    }

    /// How a template writes a call of `f`, with `ARGUMENTS` where they are.
    private static let calls = [
        "Qwen3-Coder": "<tool_call>\n<function=f>\nARGUMENTS</function>\n</tool_call>",
        "GLM-4.7-Flash": "</think><tool_call>fARGUMENTS</tool_call>",
        "deepseek-ai-DeepSeek-V3.2":
            "</think><｜DSML｜function_calls><｜DSML｜invoke name=\"f\">\nARGUMENTS</｜DSML｜invoke></｜DSML｜function_calls>",
        "inclusionai-ling-3.0-flash": "</think><tool_call>fARGUMENTS</tool_call>",
        "MiniMax-M3":
            "</mm:think>]<]minimax[>[<tool_call>]<]minimax[>[<invoke name=\"f\">ARGUMENTS]<]minimax[>[</invoke>"
            + "]<]minimax[>[</tool_call>",
        "openbmb-MiniCPM5-1B": "</think><function name=\"f\">ARGUMENTS</function>",
        "muse-glimmer":
            " to=f<|message|><atem:function_calls><atem:invoke name=\"f\">ARGUMENTS</atem:invoke></atem:function_calls>",
        "LFM2-8B-A1B": "<|tool_call_start|>[f(ARGUMENTS)]<|tool_call_end|>",
        "google-gemma-4-31B-it": "<|tool_call>call:f{ARGUMENTS}<tool_call|>",
        "Kimi-K3":
            "<|close|>think<|sep|><|open|>response<|sep|><|close|>response<|sep|><|open|>tools<|sep|>"
            + "<|open|>call tool=\"f\"<|sep|>ARGUMENTS<|close|>call<|sep|><|close|>tools<|sep|>",
    ]

    /// What stands around a value of `a`.
    private static let arguments = [
        "Qwen3-Coder": ("<parameter=a>\n", "\n</parameter>\n"),
        "GLM-4.7-Flash": ("<arg_key>a</arg_key><arg_value>", "</arg_value>"),
        "deepseek-ai-DeepSeek-V3.2": ("<｜DSML｜parameter name=\"a\" string=\"true\">", "</｜DSML｜parameter>"),
        "inclusionai-ling-3.0-flash": ("<arg_key>a</arg_key><arg_value>", "</arg_value>"),
        "MiniMax-M3": ("]<]minimax[>[<a>", "]<]minimax[>[</a>"),
        "openbmb-MiniCPM5-1B": ("<param name=\"a\">", "</param>"),
        "muse-glimmer": ("<atem:parameter name=\"a\">", "</atem:parameter>"),
        "LFM2-8B-A1B": ("a=", ""), "google-gemma-4-31B-it": ("a:", ""),
        "Kimi-K3": ("<|open|>argument key=\"a\"<|sep|>", "<|close|>argument<|sep|>"),
    ]

    /// Whether arguments are those of a call.
    private func takes(_ template: String, _ schema: String) throws -> (String) -> Bool {
        let rendering = try ModelTemplates.render(ModelTemplates.model(named: template)) {
            ($0.tools, $0.toolChoice) = ([Tool(name: "f", description: "F", parameters: schema)], .required)
            $0.callsToolsInParallel = false
        }
        let call = try #require(Self.calls[template])
        let grammar = try GrammarReading(#require(rendering.callGrammar?.text))
        return { grammar.reads(rendering.generationPrompt + call.replacing("ARGUMENTS", with: $0)) }
    }

    /// A text of a few is one of them.
    @Test(arguments: Self.arguments.keys.sorted().filter { $0 != "LFM2-8B-A1B" && !$0.hasPrefix("google") })
    func namedTextsHold(_ template: String) throws {
        let (start, end) = try #require(Self.arguments[template])
        for (values, taken, refused) in [
            (#""enum":["C","é \"x\"\\"]"#, ["C", #"é "x"\"#], ["", "F", "CC", "C ", #"é"#]),
            (#""const":"on""#, ["on"], ["of", "o", "on\n"]),
            // What might be a mark is none of them: then any text is taken.
            (#""enum":["C","<a>"]"#, ["C", "F", "x y"], []), (#""title":"T""#, ["", "C", "any"], []),
        ] {
            let property = #"{"type":"string","description":"D",\#(values)}"#
            let schema = #"{"type":"object","properties":{"a":\#(property)},"required":["a"]}"#
            let takes = try takes(template, schema)
            for text in taken { #expect(takes(start + text + end), "\(text)") }
            for text in refused { #expect(!takes(start + text + end), "\(text)") }
            #expect(!takes("") && !takes(start + "C" + end + start + "C" + end))
        }
    }

    /// Values where llama.cpp's rule takes any.
    @Test(
        arguments: [
            ("Kimi-K3", #"{"type":"integer","minimum":1,"maximum":12}"#, ["1", "12"], ["", "0", "13", "x", "\"1\""]),
            ("Kimi-K3", #"{"type":"array","items":{"type":"boolean"}}"#, ["[]", "[true, false]"], ["[1]", "true"]),
            ("Kimi-K3", #"{"type":"string"}"#, ["", "1", "any\n"], []),
            ("LFM2-8B-A1B", #"{"type":"integer","maximum":3}"#, ["3", "-3"], ["4", "True", "'3'", ""]),
            ("LFM2-8B-A1B", #"{"type":"boolean"}"#, ["True", "false"], ["None", "0"]),
            ("LFM2-8B-A1B", #"{"type":"string"}"#, [#""a""#, "'a'", #"'a\n'"#], ["a", "'a\n'", #"'\ '"#]),
            ("LFM2-8B-A1B", #"{"type":"string","enum":["C","F"]}"#, [#""C""#], [#""D""#, "C"]),
            ("LFM2-8B-A1B", #"{"type":"string","pattern":"^[a-c]+$"}"#, [#""abc""#], [#""d""#, #""""#]),
            (
                "LFM2-8B-A1B", #"{"type":"object","properties":{"x":{"type":"null"}},"required":["x"]}"#,
                [#"{"x": null}"#], ["{}", #"{"x":1}"#]
            ),
            ("google-gemma-4-31B-it", #"{"type":"string"}"#, [#"<|"|>a "b"<|"|>"#], [#""a""#, "a", "1"]),
            (
                "google-gemma-4-31B-it", #"{"type":"string","enum":["C","é"]}"#, [#"<|"|>C<|"|>"#, #"<|"|>é<|"|>"#],
                [#"<|"|>D<|"|>"#, "C"]
            ),
            (
                "google-gemma-4-31B-it", #"{"type":"integer","minimum":2,"maximum":40}"#, ["2", "40"],
                ["1", "41", "2.5"]
            ),
            ("google-gemma-4-31B-it", #"{"type":["boolean","null"]}"#, ["true", "null"], ["1", "True"]),
            ("google-gemma-4-31B-it", #"{"enum":[1,true,null,"x"]}"#, ["1", "true", "null", #"<|"|>x<|"|>"#], ["2"]),
            (
                "google-gemma-4-31B-it", #"{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3}"#,
                ["[1]", "[1,2, 3]"], ["[]", "[1,2,3,4]", "[true]"]
            ),
            ("google-gemma-4-31B-it", #"{"type":"array","maxItems":0,"items":{"type":"null"}}"#, ["[]"], ["[null]"]),
            (
                "google-gemma-4-31B-it",
                #"{"type":"object","properties":{"x":{"type":"null"},"y":{"type":"boolean"}},"required":["x"]}"#,
                ["{x:null}", "{y:true,x:null}", "{x:null, y:false}"],
                ["{}", "{y:true}", "{x:null,x:null}", "{x:null,z:1}", "{x:1}"]
            ),
            ("google-gemma-4-31B-it", #"{"type":"object"}"#, ["{}", #"{k:1,l:<|"|>m<|"|>}"#], ["1"]),
            (
                "google-gemma-4-31B-it",
                ##"{"type":"array","items":{"anyOf":[{"$ref":"#/properties/a"},{"type":"null"}]}}"##,
                ["[]", "[null,[[],null]]"], ["[1]", "[[1]]"]
            ),
            ("google-gemma-4-31B-it", "{}", ["1", "[]", "{}"], ["x"]),
        ])
    func valuesHold(_ template: String, _ property: String, _ taken: [String], _ refused: [String]) throws {
        let (start, end) = try #require(Self.arguments[template])
        let schema = #"{"type":"object","properties":{"a":\#(property)},"required":["a"]}"#
        let takes = try takes(template, schema)
        for text in taken { #expect(takes(start + text + end), "\(text)") }
        for text in refused { #expect(!takes(start + text + end), "\(text)") }
        #expect(!takes(""))
    }

    /// A hostile schema takes no time or room that is a power of its size.
    @Test(arguments: ["google-gemma-4-31B-it", "Kimi-K3", "LFM2-8B-A1B"]) func deepSchemasStaySmall(_ template: String)
        throws
    {
        let depth = 40
        let list =
            String(repeating: #"{"type":"array","items":"#, count: depth) + "{}" + String(repeating: "}", count: depth)
        let object =
            String(repeating: #"{"type":"object","properties":{"x":{"type":"null"},"y":"#, count: depth) + "{}"
            + String(repeating: "}}", count: depth)
        for property in [list, object] {
            let schema = #"{"type":"object","properties":{"a":\#(property)}}"#
            let rendering = try ModelTemplates.render(ModelTemplates.model(named: template)) {
                ($0.tools, $0.toolChoice) = ([Tool(name: "f", description: "F", parameters: schema)], .required)
            }
            #expect(rendering.callGrammar?.text.utf8.count ?? .max < 200_000)
        }
    }
}
