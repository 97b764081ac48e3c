import Foundation
import Freshet
import Testing

@testable import FreshetLlama

/// What calls are held to of their tools' schemas.
@Suite struct CallSchemasTests {
    private static let qwen = "Qwen-Qwen3-0.6B"

    private func tool(_ property: String, isStrict: Bool = false) -> Tool {
        Tool(name: "f", parameters: #"{"type":"object","properties":{"a":\#(property)}}"#, isStrict: isStrict)
    }

    private func failure(_ tools: [Tool], _ choice: ToolChoice = .auto) throws -> GenerationError? {
        let model = try ModelTemplates.model(named: Self.qwen)
        do throws(GenerationError) {
            _ = try ModelTemplates.render(model) { ($0.tools, $0.toolChoice) = (tools, choice) }
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            #"{"type":"banana"}"#, #"{"$ref":"https://example.org/a.json"}"#, ##"{"$ref":"#/$defs/a"}"##, "1", "false",
            #"{"type":[]}"#, #"{"type":1}"#, #"{"anyOf":[]}"#, #"{"enum":1}"#, #"{"type":"string","pattern":1}"#,
            #"{"type":"object","properties":[]}"#, #"{"type":"string","minLength":"a"}"#,
            #"{"type":"string","pattern":"a("}"#, #"{"pattern":"[a"}"#, #"{"pattern":"*"}"#, #"{"pattern":"a{3,2}"}"#,
            #"{"pattern":"a)"}"#, #"{"pattern":"[z-a]"}"#, #"{"pattern":"a\\"}"#, #"{"pattern":"a**"}"#,
            #"{"allOf":[{"type":"integer"},{"type":"banana"}]}"#, #"{"allOf":[{"minLength":1},{"pattern":"("}]}"#,
        ])
    func whatIsNoSchemaIsRefusedByName(_ property: String) throws {
        for isStrict in [false, true] {
            let tools = [Tool(name: "e"), tool(property, isStrict: isStrict)]
            for choice in [ToolChoice.auto, .required, .named("f")] {
                let error = try failure(tools, choice)
                #expect(error?.code == .invalidRequest && error?.parameter == "tools[1].function.parameters")
                #expect(error?.message.contains("properties/a") == true, "\(error?.message ?? "")")
            }
        }
        #expect(try failure([Tool(name: "f", parameters: #"{"type":"string"}"#)]) != nil)
    }

    /// What is restricted is refused where it was promised to hold, and else left out: the schema that is left.
    @Test(
        arguments: [
            (#"{"type":"integer","not":{"const":3}}"#, #"{"type":"integer"}"#),
            (#"{"type":"number","minimum":5}"#, #"{"type":"number"}"#),
            (
                #"{"type":"integer","minimum":5,"multipleOf":5}"#,
                #"{"type":"integer","minimum":5,"maximum":9007199254740991}"#
            ),
            (#"{"type":"string","pattern":"(?=x)y","minLength":2}"#, #"{"type":"string","minLength":2}"#),
            (#"{"type":"string","pattern":"a\\b(?<n>b$)"}"#, #"{"type":"string"}"#),
            (#"{"type":"string","pattern":"a(b$)"}"#, #"{"type":"string"}"#),
            (#"{"type":"string","format":"date","minLength":2}"#, #"{"type":"string","const":"freshet0-date"}"#),
            (
                #"{"type":"array","items":{"type":"null"},"uniqueItems":true}"#,
                #"{"type":"array","items":{"type":"null"}}"#
            ),
            (#"{"type":"object","minProperties":2}"#, #"{"type":"object"}"#),
            (#"{"type":"object","required":["b"]}"#, #"{"type":"object","required":[]}"#),
            (#"{"type":"string","enum":["b",null]}"#, #"{"type":"string","enum":["b",null]}"#),
            (#"{"allOf":[{"type":"string"},{"minLength":1}],"type":"string"}"#, #"{"type":"string"}"#),
            (#"{"minLength":1,"minimum":1}"#, "{}"),
        ])
    func whatCannotBeKeptToIsLeftOutOrRefused(_ property: String, _ left: String) throws {
        let schemas = try CallSchemas([(0, tool(property))])
        #expect(OrderedJSON(schemas.tools[0].schema)?["properties"]?["a"]?.text == left)
        #expect(try failure([tool(property)]) == nil)
        let error = try failure([tool(property, isStrict: true)])
        #expect(error?.parameter == "tools[0].function.parameters", "\(error?.message ?? "")")
    }

    @Test(
        arguments: [
            ("", "{}"), ("{}", "{}"), (#"{"type":"object"}"#, #"{"type":"object"}"#),
            (#"{"type":"object","properties":{}}"#, #"{"type":"object","properties":{}}"#),
            (
                ##"{"$schema":"x","type":"object","title":"T","properties":{"a":true,"b":{"$ref":"#/$defs/B"}},"##
                    + ##""$defs":{"B":{"type":"null"}}}"##,
                ##"{"type":"object","properties":{"a":{},"b":{"$ref":"#/$defs/freshet0-0"}},"##
                    + ##""$defs":{"freshet0-0":{"type":"null"}}}"##
            ),
        ])
    func parametersAreReadWhole(_ parameters: String, _ schema: String) throws {
        for isStrict in [false, true] {
            let tool = Tool(name: "f", parameters: parameters, isStrict: isStrict)
            #expect(try CallSchemas([(0, tool)]).tools[0].schema == schema)
            #expect(try failure([tool], .required) == nil)
        }
    }

    /// Whether the grammar of a forced call takes those arguments.
    private func takes(_ arguments: String, of name: String, _ tools: [Tool]) throws -> Bool {
        let rendering = try ModelTemplates.render(ModelTemplates.model(named: Self.qwen)) {
            ($0.tools, $0.toolChoice) = (tools, .required)
        }
        let call = "<tool_call>\n{\"name\": \"\(name)\", \"arguments\": \(arguments)}\n</tool_call>"
        var automaton = GrammarAutomaton(try GrammarRules(#require(rendering.callGrammar)))
        var state = automaton.start()
        for byte in (rendering.generationPrompt + call).utf8 where state != GrammarAutomaton.dead {
            state = automaton.step(state, byte)
        }
        return state != GrammarAutomaton.dead && automaton.isEnd(state)
    }

    @Test func patternsAndReferencesHold() throws {
        func tools(_ first: String, _ second: String) -> [Tool] {
            [("f", first), ("g", second)].map { name, definition in
                Tool(
                    name: name,
                    parameters: ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"required":["a"],"##
                        + ##""$defs":{"A":\##(definition)}}"##)
            }
        }
        let tools1 = tools(#"{"type":"string","pattern":"^.{2}$"}"#, #"{"type":"string","pattern":"b"}"#)
        for (name, text, isTaken) in [
            ("f", #""ab""#, true), ("f", #""a\"""#, true), ("f", #""abc""#, false), ("f", #"",""#, false),
            ("g", #""abc""#, true), ("g", #""ac""#, false),
        ] {
            #expect(try takes(#"{"a": \#(text)}"#, of: name, tools1) == isTaken, "\(name) \(text)")
        }
        let tools2 = tools(#"{"type":"integer"}"#, #"{"type":"boolean"}"#)
        for (name, text, isTaken) in [("f", "1", true), ("f", "true", false), ("g", "1", false), ("g", "true", true)] {
            #expect(try takes(#"{"a": \#(text)}"#, of: name, tools2) == isTaken, "\(name) \(text)")
        }
    }

    /// The model reads every tool as it was given, whatever of it calls are held to.
    @Test func promptsShowToolsAsTheyAre() throws {
        let property =
            #"{"type":"string","description":"WHICH ONE","pattern":"^(?=a).$","minLength":1,"x-note":"KEPT"}"#
        var (count, shown) = (0, 0)
        for template in Set(ModelTemplates.outputs.map(\.template)) {
            let model = try ModelTemplates.model(named: template)
            func prompt(_ choice: ToolChoice) -> String? {
                try? ModelTemplates.render(model) { ($0.tools, $0.toolChoice) = ([tool(property)], choice) }.prompt
            }
            guard let auto = prompt(.auto) else { continue }
            count += 1
            #expect(prompt(.none) == auto && [nil, auto].contains(prompt(.required)), "\(template)")
            if auto.contains("WHICH ONE"), auto.contains("(?=a)") { shown += 1 }
        }
        #expect(count > 60 && shown > 40, "\(shown) of \(count)")
    }

    /// What says nothing to the converter changes no prompt's form and no grammar, whichever way it is rendered.
    @Test func annotationsChangeNoGrammar() throws {
        func schemas(_ property: String) throws -> CallSchemas { try CallSchemas([(0, tool(property))]) }
        let plain = [
            #"{"type":"string","description":"A"}"#, #"{"type":"string","enum":["a","b"],"default":"a"}"#,
            #"{"type":"array","items":{"type":"integer","title":"I"},"maxItems":2,"examples":[]}"#,
            #"{"type":"object","properties":{"x":{"type":"null","description":"X"}},"required":["x"]}"#,
            #"{"type":"object","additionalProperties":{"type":"boolean","$comment":"C"}}"#,
        ]
        for property in plain { #expect(try schemas(property).areParameters, "\(property)") }
        for property in [
            #"{"type":"string","pattern":"a"}"#, #"{"type":"string","x-note":"N"}"#, #"{"type":"integer","minimum":1}"#,
            #"{"type":"object","properties":{"x":{"type":"string","format":"email"}}}"#,
            #"{"type":"array","items":{"type":"number","minimum":1}}"#, #"{"minLength":1}"#,
        ] { #expect(try !schemas(property).areParameters, "\(property)") }
        for template in [Self.qwen, "LFM2-8B-A1B", "Qwen3-Coder", "google-gemma-4-31B-it", "Kimi-K3"] {
            let model = try ModelTemplates.model(named: template)
            for property in plain {
                // One more keyword, and it is rendered twice.
                let other = property.dropLast() + #","x-note":"N"}"#
                let pair = try [property, String(other)].map { property in
                    try ModelTemplates.render(model) { ($0.tools, $0.toolChoice) = ([tool(property)], .required) }
                }
                #expect(pair[0].callGrammar == pair[1].callGrammar, "\(template) \(property)")
                let shown = try ModelTemplates.render(model) { ($0.tools, $0.toolChoice) = ([tool(property)], .none) }
                #expect(pair[0].prompt == shown.prompt, "\(template) \(property)")
            }
        }
    }

    /// What is left of a schema is no harder for a template than the schema was.
    @Test func everyTemplateRendersWhatIsLeft() throws {
        let parameters = ##"""
            {"type":"object","description":"D","required":["a","b","z"],"minProperties":1,"$defs":{"N":{"type":"object",
            "properties":{"next":{"$ref":"#/$defs/N"}}}},"properties":{"a":{"description":"A"},"b":{
            "allOf":[{"$ref":"#/$defs/N"}],"description":"B","default":null},"c":{"anyOf":[{"type":"string","pattern":"\\p{L}"},{"type":"null"}]},
            "d":{"type":["integer","null"],"minimum":1},"e":{"enum":[1,"x",null]},"f":{"const":"y"},"g":{"type":"array",
            "prefixItems":[{"type":"string"}],"minItems":2},"h":{"type":"array","uniqueItems":true,
            "items":{"$ref":"#/$defs/N"}},"i":{"type":"object","additionalProperties":{"type":"number","maximum":1}},"j":true}}
            """##
        let tool = Tool(name: "f", parameters: parameters)
        var count = 0
        for template in Set(ModelTemplates.outputs.map(\.template)) {
            let model = try ModelTemplates.model(named: template)
            func renders(_ tool: Tool, _ choice: ToolChoice) -> Bool {
                (try? ModelTemplates.render(model) { ($0.tools, $0.toolChoice) = ([tool], choice) }) != nil
            }
            for choice in [ToolChoice.auto, .required] where renders(ModelTemplates.weather, choice) {
                guard renders(tool, .none) else { continue }
                count += 1
                #expect(renders(tool, choice), "\(template) \(choice)")
            }
        }
        #expect(count > 100, "\(count)")
    }
}
