import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Answers in the forms of all of llama.cpp's templates, told apart.
@Suite struct ChatParserTests {
    /// The fold of what a parser gives, which obeys the chunks' grammar; `nil` where that is nothing.
    private func foldAny(_ text: String, _ rendering: ChatRendering, cuts: [Int] = []) throws -> Reply.Choice? {
        let parser = rendering.makeParser(seed: 7)
        var reply = Reply()
        var grammar = ChunkGrammar()
        func add(_ contents: [Chunk.Content]) throws {
            for content in contents {
                let chunk = Chunk(id: "a", created: 0, model: "m", content: content)
                try grammar.accept(chunk)
                reply.append(chunk)
            }
        }
        let scalars = Array(text.unicodeScalars)
        var start = 0
        for cut in cuts + [scalars.count] where cut > start {
            var piece = ""
            piece.unicodeScalars.append(contentsOf: scalars[start..<cut])
            try add(parser.read(piece, isEnd: false))
            start = cut
        }
        try add(parser.read("", isEnd: true))
        return reply.choices.first
    }

    private func fold(_ text: String, _ rendering: ChatRendering, cuts: [Int]) throws -> Reply.Choice {
        try #require(try foldAny(text, rendering, cuts: cuts))
    }

    private struct Arguments: Codable, Equatable {
        var city: String
        var days: Int?
    }

    private func arguments(_ call: Reply.ToolCall) throws -> Arguments {
        try JSONDecoder().decode(Arguments.self, from: Data(call.arguments.utf8))
    }

    @Test func everyTemplateHasAnswers() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: ModelTemplates.folder.path)
        let templates = files.filter { $0.hasSuffix(".jinja") }.map { String($0.dropLast(6)) }
        #expect(Set(ModelTemplates.outputs.map(\.template)) == Set(templates) && templates.count >= 70)
        let calling = Set(ModelTemplates.outputs.filter { $0.kind == .call }.map(\.template))
        #expect(Set(templates).subtracting(calling) == Set(Self.withoutCalls.keys))
    }

    /// The templates for which there are no calls, with the field that is refused where a call is required: they have no
    /// place for tools, or do not show how calls are written.
    private static let withoutCalls = [
        "HuggingFaceTB-SmolLM3-3B": "tools", "deepseek-ai-DeepSeek-R1-Distill-Llama-8B": "tools",
        "google-gemma-2-2b-it": "tools", "llama-cpp-rwkv-world": "tools", "microsoft-Phi-3.5-mini-instruct": "tools",
        "ibm-granite-granite-3.3-2B-Instruct": "tool_choice",
    ]

    @Test(arguments: withoutCalls) func aTemplateWithoutCallsSaysSo(_ template: String, _ field: String) throws {
        let model = try ModelTemplates.model(named: template)
        let error = #expect(throws: GenerationError.self) {
            try ModelTemplates.render(model) { ($0.tools, $0.toolChoice) = ([ModelTemplates.weather], .required) }
        }
        #expect(error?.code == .invalidRequest && error?.parameter == field)
        let auto = try? ModelTemplates.render(model) { $0.tools = [ModelTemplates.weather] }
        #expect((auto == nil) == (field == "tools") && auto?.callGrammar == nil)
    }

    @Test(arguments: ModelTemplates.outputs)
    func cutsChangeNothing(_ output: ModelTemplates.Output) throws {
        let isCalling = output.kind == .call || output.kind == .calls
        let rendering = try ModelTemplates.render(ModelTemplates.model(named: output.template)) {
            if isCalling { $0.tools = [ModelTemplates.weather] }
        }
        let whole = try fold(output.text, rendering, cuts: [])
        let count = output.text.unicodeScalars.count
        #expect(try fold(output.text, rendering, cuts: Array(1..<count)) == whole)
        for cut in 1..<count {
            #expect(try fold(output.text, rendering, cuts: [cut]) == whole, "cut at \(cut)")
        }
        let text = whole.text.trimmingCharacters(in: .whitespacesAndNewlines)
        switch output.kind {
        case .text: #expect(text == "Hello é!" && whole.toolCalls.isEmpty)
        case .reasoning: #expect(text == "Hi." && whole.reasoning.contains("Let me think."))
        case .call, .calls:
            #expect(text.isEmpty)
            #expect(whole.toolCalls.allSatisfy { $0.name == "get_weather" && !$0.id.isEmpty })
            #expect(Set(whole.toolCalls.map(\.id)).count == whole.toolCalls.count)
            var expected = [Arguments(city: "Zürich", days: 2)]
            if output.kind == .calls { expected.append(Arguments(city: "Oslo")) }
            let found = try whole.toolCalls.map(arguments)
            #expect(found == expected)
        }
    }

    /// A tool whose name begins with another's, whichever is the first, and however the name is cut.
    @Test(arguments: ModelTemplates.outputs.filter { $0.kind == .call })
    func namesThatBeginAlikeAreToldApart(_ output: ModelTemplates.Output) throws {
        let model = try ModelTemplates.model(named: output.template)
        var longer = ModelTemplates.weather
        longer.name = "get_weather_now"
        for tools in [[ModelTemplates.weather, longer], [longer, ModelTemplates.weather]] {
            let rendering = try ModelTemplates.render(model) { $0.tools = tools }
            for tool in tools {
                var texts = [output.text.replacing("get_weather", with: tool.name)]
                // Another of its forms, in which letters may follow the name.
                if output.template.hasPrefix("openai-gpt-oss") {
                    texts.append("<|channel|>commentary to=functions.\(tool.name)<|message|>{\"city\": \"Oslo\"}")
                }
                for text in texts {
                    for cuts in [[], Array(1..<text.unicodeScalars.count)] {
                        #expect(try fold(text, rendering, cuts: cuts).toolCalls.map(\.name) == [tool.name])
                    }
                }
            }
        }
    }

    /// A long answer is not read anew for every token, and is never far behind what has come.
    @Test(arguments: ["Qwen-Qwen3-0.6B", "MiniMax-M2", "GLM-4.6"]) func aLongAnswerIsReadNowAndThen(_ template: String)
        throws
    {
        let output = try #require(ModelTemplates.outputs.first { $0.template == template && $0.kind == .call })
        let rendering = try ModelTemplates.render(ModelTemplates.model(named: template)) {
            $0.tools = [ModelTemplates.weather]
        }
        let city = String(repeating: "word ", count: 4000)
        let text = output.text.replacing("Zürich", with: city)
        let whole = try fold(text, rendering, cuts: [])
        let call = try #require(whole.toolCalls.first)
        #expect(try arguments(call).city.count >= city.count - 1)
        let count = text.unicodeScalars.count
        #expect(try fold(text, rendering, cuts: Array(stride(from: 5, to: count, by: 5))) == whole)
        let parser = rendering.makeParser(seed: 7)
        var (come, told, readings, waiting) = (0, 0, 0, 0)
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let contents = try parser.read(word + " ", isEnd: false)
            come += word.utf8.count + 1
            guard come > 15_000 else { continue }
            if contents.isEmpty { waiting += 1 } else { readings += 1 }
            for case .toolCall(let fragment) in contents { told += fragment.arguments.utf8.count }
        }
        #expect(readings > 200 && waiting > readings, "\(readings), \(waiting)")
        #expect(told > 5000 - 100, "\(told)")
    }

    /// An answer that ends anywhere loses nothing of what is certain, and never breaks the parser.
    @Test(arguments: ModelTemplates.outputs.filter { $0.kind != .text })
    func anAnswerMayEndAnywhere(_ output: ModelTemplates.Output) throws {
        let rendering = try ModelTemplates.render(ModelTemplates.model(named: output.template)) {
            if output.kind != .reasoning { $0.tools = [ModelTemplates.weather] }
        }
        let scalars = Array(output.text.unicodeScalars)
        let whole = try fold(output.text, rendering, cuts: [])
        for length in 1..<scalars.count {
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars[..<length])
            let cut = try foldAny(text, rendering)
            for (call, found) in zip(whole.toolCalls, cut?.toolCalls ?? []) {
                #expect(found.name == "get_weather" && call.arguments.hasPrefix(found.arguments), "cut at \(length)")
            }
            #expect(cut?.toolCalls.count ?? 0 <= whole.toolCalls.count, "cut at \(length)")
        }
    }

    /// What a model writes that follows no form at all.
    @Test(arguments: ["Qwen-Qwen3-0.6B", "openai-gpt-oss-120b", "meta-llama-Llama-3.1-8B-Instruct", "Kimi-K3"])
    func anyTextIsRead(_ template: String) throws {
        let rendering = try ModelTemplates.render(ModelTemplates.model(named: template)) {
            $0.tools = [ModelTemplates.weather]
        }
        let marks = rendering.preservedMarks + rendering.thinkingEnds + [rendering.thinkingStart]
        let scraps = marks + ["{", "}", "[", "\"", "\\", "name", "get_weather", "é", "🍋", "\n", " ", "1", ":", ","]
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<150 {
            let pieces = (0..<Int.random(in: 1...25, using: &generator)).map { _ in generator.pick(scraps) }
            let parser = rendering.makeParser(seed: 7)
            var grammar = ChunkGrammar()
            for content in try pieces.flatMap({ try parser.read($0, isEnd: false) }) + parser.read("", isEnd: true) {
                try grammar.accept(Chunk(id: "a", created: 0, model: "m", content: content))
            }
        }
    }

    @Test(arguments: [(1500, true), (100_000, false)])
    func deepNestingIsAnErrorAndNoCrash(_ depth: Int, _ isRead: Bool) async throws {
        let rendering = try ModelTemplates.render(ModelTemplates.model(named: "Qwen-Qwen2.5-7B-Instruct")) {
            $0.tools = [Tool(name: "f", parameters: #"{"type":"object"}"#)]
        }
        let text = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": " + String(repeating: "[", count: depth)
        // On a thread with the stack that the engine's has.
        let error: GenerationError? = try await DedicatedThread.value(named: "test") { () throws(GenerationError) in
            do throws(GenerationError) {
                _ = try rendering.makeParser(seed: 7).read(text, isEnd: false)
                return nil
            } catch {
                return error
            }
        }
        #expect((error == nil) == isRead && (isRead || error?.code == .engineFailed))
    }

    @Test func identifiersFollowTheSeed() {
        var (one, same, other) = (CallIdentifiers(seed: 1), CallIdentifiers(seed: 1), CallIdentifiers(seed: 2))
        let first = (0..<100).map { _ in one.next() }
        #expect(first == (0..<100).map { _ in same.next() } && Set(first).count == 100)
        #expect(Set(first).isDisjoint(with: (0..<100).map { _ in other.next() }))
        #expect(first.allSatisfy { $0.utf8.count == 9 && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } })
    }
}
