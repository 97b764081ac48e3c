import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Calls that may come, from models that begin them with no fixed text.
@Suite struct TurnGrammarTests {
    @Test(
        arguments: [
            ("root ::= a | b\na ::= json\njson ::= \"{}\"", "root ::= a\na ::= a-schema\na-schema ::= \"1\""),
            ("root ::= a | b\njson ::= \"{}\"\na ::= json\n", "\na-schema ::= \"1\"\na ::= a-schema\nroot ::= a\n"),
        ])
    func aCallsRulesTakeThePlaceOfTheTurns(_ turn: String, _ calls: String) {
        let lines = TurnGrammar(turn: turn, calls: calls).text.split(separator: "\n")
        #expect(lines.sorted() == ["a ::= a-schema", "a-schema ::= \"1\"", "json ::= \"{}\"", "root ::= a | b"])
    }

    /// An answer of one of these models.
    struct Answer: Sendable, CustomTestStringConvertible {
        var template: String
        var text: String
        /// What of it cannot be its end, but for the last byte: all of a call, and what leads to a text.
        var fixed: String
        var isCall: Bool { text == fixed }
        var testDescription: String { "\(template) \(text.prefix(40))" }
    }

    private static let harmony = "openai-gpt-oss-120b"
    private static let muse = "muse-glimmer"
    private static let functionary = "meetkai-functionary-medium-v3.2"

    /// How each of them begins what is only text.
    private static let headers = [
        harmony: "<|channel|>final<|message|>", muse: " to=user<|message|>", functionary: "all\n",
    ]

    static let answers: [Answer] = {
        var answers = ModelTemplates.outputs.compactMap { output -> Answer? in
            guard let header = headers[output.template] else { return nil }
            let head = output.text.range(of: header).map { String(output.text[..<$0.upperBound]) }
            return Answer(template: output.template, text: output.text, fixed: head ?? output.text)
        }
        // Thoughts that look like marks, words to the person before a call, a text like the beginning of a call.
        let thought = "<|channel|>analysis<|message|>a to=<|en b<<|end|><|start|>assistant"
        let preamble = "<|channel|>commentary<|message|>I look.<|end|><|start|>assistant"
        let call = #"<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city": "Oslo"}"#
        let invocation = """
            to=x<|message|><atem:function_calls><atem:invoke name="get_weather"><atem:parameter name="days">-1\
            </atem:parameter><atem:parameter name="city"></atem:parameter></atem:invoke></atem:function_calls>
            """
        answers += [
            (harmony, thought + preamble + call), (harmony, preamble + thought + call),
            (functionary, "get_weather\n{\n\"city\":\"\"}"),
            (muse, " to=self<|message|>a<|eot|><b<|eom|><|start|>assistant " + invocation),
        ].map { template, text in Answer(template: template, text: text, fixed: text) }
        return answers + [
            Answer(
                template: harmony, text: thought + "<|channel|>final<|message|> to=<|start|>\n\n",
                fixed: thought + "<|channel|>final<|message|>"),
            Answer(template: functionary, text: "all\n>get_weather\n{", fixed: "all\n"),
        ]
    }()

    private func render(_ template: String) throws -> ChatRendering {
        try ModelTemplates.render(ModelTemplates.model(named: template)) { $0.tools = [ModelTemplates.weather] }
    }

    /// What is before a call, and what is only text, is free; in a call no token is refused that goes on with it, and none
    /// taken that ends the answer.
    @Test(arguments: answers) func answersMayBeCutIntoAnyTokens(_ answer: Answer) throws {
        let rendering = try render(answer.template)
        let grammar = try #require(rendering.callGrammar)
        #expect(grammar.triggers.isEmpty)
        let bytes = Array(answer.text.utf8)
        var random = SeededGenerator(seed: 4)
        var cuts = [bytes.map { [$0] }]
        for _ in 0..<20 {
            var (pieces, rest) = ([[UInt8]](), bytes[...])
            while !rest.isEmpty {
                pieces.append(Array(rest.prefix(Int.random(in: 1...12, using: &random))))
                rest = rest.dropFirst(pieces[pieces.count - 1].count)
            }
            cuts.append(pieces)
        }
        let words = cuts.flatMap { $0 } + [Array(rendering.generationPrompt.utf8)]
        let end = Token(words.count)
        let table = TokenTable(count: words.count + 1, endOfGeneration: [end]) { token, bytes in
            if token != end { bytes += words[Int(token)] }
        }
        let constraint = try Constraint(grammar, tokens: table)
        let calls = answer.text.ranges(of: "</atem:function_calls>")
            .map { answer.text[..<$0.upperBound].utf8.count }
        var token: Token = 0
        for pieces in cuts {
            let matcher = GrammarMatcher(constraint)
            matcher.accept(end - 1)
            var place = 0
            for piece in pieces {
                let isInside = place < bytes.count && UTF8.isContinuation(bytes[place])
                let mayEnd = place >= answer.fixed.utf8.count && !isInside || calls.contains(place)
                try #require(matcher.allows(end) == mayEnd, "after \(place) bytes")
                try #require(matcher.allows(token), "\(String(decoding: piece, as: UTF8.self)) after \(place) bytes")
                matcher.accept(token)
                place += piece.count
                token += 1
            }
            try #require(matcher.allows(end))
        }
    }

    /// One character more, less or other: what is not refused is a call that obeys its tool's schema, or it is a text.
    @Test(arguments: answers.filter { $0.isCall }) func aCallIsHeldToItsForm(_ answer: Answer) throws {
        let rendering = try render(answer.template)
        let grammar = try #require(rendering.callGrammar)
        var automaton = GrammarAutomaton(try GrammarRules(grammar))
        func read(_ text: some Sequence<Unicode.Scalar>, from state: Int32) -> Int32 {
            var state = state
            for byte in String(String.UnicodeScalarView(text)).utf8 where state != GrammarAutomaton.dead {
                state = automaton.step(state, byte)
            }
            return state
        }
        var state = read(rendering.generationPrompt.unicodeScalars, from: automaton.start())
        let scalars = Array(answer.text.unicodeScalars)
        var (taken, refused) = (0, 0)
        for (place, scalar) in scalars.enumerated() {
            for intruder in ["~", "}", "\"", ",", "<", "\n", "true", "[]", "é", "<|end|>", ""] {
                for rest in [scalars[place...], scalars[(place + 1)...]] {
                    let middle = Array(intruder.unicodeScalars)
                    let last = read(rest, from: read(middle, from: state))
                    guard last != GrammarAutomaton.dead, automaton.isEnd(last) else {
                        refused += 1
                        continue
                    }
                    taken += 1
                    let text = String(String.UnicodeScalarView(scalars[..<place] + middle + rest))
                    try check(text, of: rendering, answer.template)
                }
            }
            state = read([scalar], from: state)
            try #require(state != GrammarAutomaton.dead)
        }
        // Its own characters, and those of what it has of texts, stay.
        #expect(taken > scalars.count && refused > 8 * scalars.count, "\(taken), \(refused)")
    }

    private struct Arguments: Decodable {
        var city: String?
        var days: Int?
    }

    private func check(_ text: String, of rendering: ChatRendering, _ template: String) throws {
        let parser = rendering.makeParser(seed: 7)
        var reply = Reply()
        for content in try parser.read(text, isEnd: false) + parser.read("", isEnd: true) {
            reply.append(Chunk(id: "a", created: 0, model: "m", content: content))
        }
        let choice = try #require(reply.choices.first, "\(text)")
        if choice.toolCalls.isEmpty { #expect(text.contains(try #require(Self.headers[template])), "\(text)") }
        for call in choice.toolCalls {
            let value = try JSONSerialization.jsonObject(with: Data(call.arguments.utf8))
            let arguments = try #require(value as? [String: Any], "\(text)")
            #expect(call.name == "get_weather" && Set(arguments.keys).isSubset(of: ["city", "days"]), "\(text)")
            let typed = try JSONDecoder().decode(Arguments.self, from: Data(call.arguments.utf8))
            #expect(typed.city != nil, "\(text)")
        }
    }

    private func provider(_ template: String) async throws -> LlamaProvider {
        var options = LlamaOptions.embedded
        let file = ModelTemplates.folder.appendingPathComponent(template + ".jinja")
        options.load.chatTemplate = try String(contentsOf: file, encoding: .utf8)
        // muse-glimmer's prompt alone has a thousand tokens.
        options.contextLength = 2048
        return try await LlamaProvider.load(options)
    }

    /// How much less the tokens are liked that begin with a character.
    private func bias(_ weight: (Character) -> Float) throws -> [Token: Float] {
        let vocabulary = try ModelTemplates.model().vocabulary
        var bias: [Token: Float] = [:]
        for token in 0..<Token(vocabulary.count) {
            let first = String(decoding: vocabulary.bytes(of: token).prefix(1), as: UTF8.self).first
            if let first, weight(first) != 0 { bias[token] = weight(first) }
        }
        return bias
    }

    private func request(_ maxTokens: Int) -> GenerationRequest {
        var request = GenerationRequest(
            prompt: .messages([Message(role: .user, content: "Hello!")]), maxTokens: maxTokens)
        request.callsToolsInParallel = false
        let schema = #"{"type":"object","properties":{"city":{"enum":["Oslo","Zürich"]}},"required":["city"]}"#
        request.tools = [Tool(name: "get_weather", parameters: schema), Tool(name: "get_time", parameters: schema)]
        return request
    }

    /// Words without sense, from a model that is made to call or to say something by what it likes less.
    @Test(arguments: [harmony, muse, functionary])
    func aModelWithoutSenseKeepsToItsForm(_ template: String) async throws {
        let provider = try await provider(template)
        var request = request(400)
        // For a call no channel or text at first, and no more letters in it than there must be; or no text for everybody.
        request.sampling.logitBias = try bias { first in
            if template == Self.functionary { return first == "a" ? -100 : 0 }
            return first == "<" ? -50 : first.isLetter || first.isNumber || "_-.".contains(first) ? -100 : 0
        }
        for seed: UInt64 in 0..<3 {
            request.sampling.seed = seed
            let answer = try await provider.reply(to: request).choices[0]
            #expect(answer.finish?.reason == .toolCalls && answer.text.isEmpty, "\(answer)")
            let call = try #require(answer.toolCalls.first)
            let arguments = try JSONDecoder().decode([String: String].self, from: Data(call.arguments.utf8))
            #expect(["Oslo", "Zürich"].contains(arguments["city"]) && arguments.count == 1)
        }
        // For a text no recipient, no commentary and no analysis; or no tool.
        request.sampling.logitBias = try bias {
            (template == Self.functionary ? "g" : " ca").contains($0) ? -50 : 0
        }
        (request.maxTokens, request.sampling.ignoresEndOfGeneration) = (60, true)
        let answer = try await provider.reply(to: request).choices[0]
        #expect(answer.text.count > 10 && answer.toolCalls.isEmpty && answer.reasoning.isEmpty, "\(answer)")
        #expect(!answer.text.contains("<|") && !answer.text.hasPrefix("all"), "\(answer)")
        await provider.shutDown()
    }

    /// A model that likes nothing better than to think, in a turn that a grammar holds.
    @Test func thoughtsEndWithTheirBudget() async throws {
        let provider = try await provider(Self.harmony)
        var request = request(120)
        // No recipient, no commentary and no final answer.
        request.sampling.logitBias = try bias { " cf".contains($0) ? -50 : 0 }
        (request.sampling.seed, request.sampling.ignoresEndOfGeneration) = (3, true)
        for budget in [0, 1, 9] {
            request.reasoning.budget = budget
            let reply = try await provider.reply(to: request)
            let answer = reply.choices[0]
            #expect(reply.usage?.reasoningTokens == budget && answer.reasoning.isEmpty == (budget == 0), "\(reply)")
            #expect(answer.text.isEmpty && answer.toolCalls.isEmpty && !answer.reasoning.contains("<|"), "\(reply)")
        }
        request.reasoning.budget = nil
        #expect(try await provider.reply(to: request).usage?.reasoningTokens ?? 0 > 50)
        await provider.shutDown()
    }
}
