import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Forced calls of every template that knows calls: whatever its grammar lets through is a call that obeys its schema.
@Suite struct ForcedWalkTests {
    private static let templates = Set(
        ModelTemplates.outputs.filter { $0.kind == .call }.map(\.template)
    ).sorted()

    /// What calls are forced to: of tools whose names begin alike, with and without parameters that are required.
    private static let tools = [
        Tool(
            name: "get_weather", description: "Weather",
            parameters: #"{"type":"object","properties":{"unit":{"type":"string","enum":["C","F"],"description":"U"},"#
                + #""city":{"type":"string","description":"C"},"days":{"type":"integer","minimum":1,"maximum":5,"#
                + #""description":"D"},"exact":{"type":"boolean","description":"E"},"at":{"type":"object","#
                + #""description":"A","properties":{"x":{"type":"number"},"y":{"type":"integer"}},"required":["x"]},"#
                + #""tags":{"type":"array","description":"T","items":{"type":"integer"},"maxItems":2}},"#
                + #""required":["city","days"]}"#),
        Tool(
            name: "get_weather_now", description: "Now",
            parameters: #"{"type":"object","properties":{"zone":{"type":"integer","description":"Z"},"#
                + #""note":{"type":"string","description":"N"}}}"#),
        Tool(
            name: "many", description: "Many",
            parameters: #"{"type":"object","properties":{"#
                + #""b":{"type":"string","const":"x y","description":"B"},"#
                + ["a", "c", "name", "e", "f", "käse", "x-y"]
                .map { #""\#($0)":{"type":"\#($0 == "e" ? "boolean" : "integer")","description":"D"}"# }
                .joined(separator: ",") + #"},"required":["name","c"]}"#),
        Tool(name: "ping", description: "Ping", parameters: #"{"type":"object","properties":{}}"#),
    ]

    private func fold(_ text: String, _ rendering: ChatRendering, cut: () -> Int) throws -> Reply.Choice? {
        let parser = rendering.makeParser(seed: 7)
        var (reply, rest) = (Reply(), text.unicodeScalars[...])
        func add(_ contents: [Chunk.Content]) {
            for content in contents { reply.append(Chunk(id: "a", created: 0, model: "m", content: content)) }
        }
        while !rest.isEmpty {
            let piece = rest.prefix(cut())
            rest = rest.dropFirst(piece.count)
            add(try parser.read(String(piece), isEnd: false))
        }
        add(try parser.read("", isEnd: true))
        return reply.choices.first
    }

    @Test(
        arguments: templates, ["get_weather", "many", nil])
    func aWalkEndsInACall(_ template: String, _ name: String?) throws {
        let model = try ModelTemplates.model(named: template)
        // Its template takes the "items" of a list for a function.
        let tools = template == "CohereForAI-c4ai-command-r-plus-tool_use" ? Array(Self.tools[1...]) : Self.tools
        if tools.count < Self.tools.count, name == "get_weather" { return }
        let ends = ["]]>"] + ["unit", "city", "note"].map { "]<]minimax[>[</\($0)>" }
        var cuts = SeededGenerator(seed: 3)
        for isParallel in name == nil ? [false, true] : [false] {
            let rendering = try ModelTemplates.render(model) {
                ($0.tools, $0.callsToolsInParallel) = (tools, isParallel)
                $0.toolChoice = name.map { .named($0) } ?? .required
            }
            let walk = try CallWalk(rendering, marks: ends, seed: isParallel ? 5 : 6)
            for _ in 0..<(name == nil ? 4 : 2) {
                let text = try #require(walk.text())
                let shown = "\(template): \(text.debugDescription)"
                let answer = try fold(text, rendering) { text.count }
                #expect(try fold(text, rendering) { Int.random(in: 1...9, using: &cuts) } == answer, "\(shown)")
                let calls = answer?.toolCalls ?? []
                #expect(isParallel ? !calls.isEmpty : calls.count == 1, "\(shown)")
                #expect(answer?.text.allSatisfy(\.isWhitespace) ?? false, "\(shown)")
                for call in calls {
                    #expect(name == nil || call.name == name, "\(shown)")
                    let tool = try #require(Self.tools.first { $0.name == call.name }, "\(shown)")
                    // It is the only one that writes lists as marks, of which there may be any number.
                    let parameters =
                        template == "MiniMax-M3"
                        ? tool.parameters.replacing(",\"maxItems\":2", with: "") : tool.parameters
                    #expect(
                        try SchemaValidator(parameters).accepts(call.arguments),
                        "\(call.arguments.debugDescription) of \(shown)")
                }
            }
        }
    }
}
