import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Answers that are held to a form, through the whole engine.
struct ConstrainedAnswerTests {
    private static let schema =
        #"{"type":"object","properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,"maximum":99}},"required":["name","age"]}"#

    /// The second model's weights are random, and so are the tokens that it likes.
    @Test(arguments: [nil, "tiny-llama"]) func manyAnswersSideBySideObeyTheirSchemas(_ shape: String?) async throws {
        var options = LlamaOptions.embedded
        var file: SyntheticModelFile?
        if let shape {
            file = try await SyntheticModelFile.make(shape, .f16)
            options.modelPath = file?.path ?? ""
        }
        (options.slotCount, options.contextLength) = (6, 256)
        let provider = try await LlamaProvider.load(options)
        var random = RandomSchema(seed: 21)
        let schemas = (0..<36).map { _ in random.schema() }
        let replies = try await withThrowingTaskGroup(of: (String, [String], Reply).self) { group in
            for (number, schema) in schemas.enumerated() {
                var request = GenerationRequest(prompt: .text("Once"), maxTokens: 60, choiceCount: 1 + number % 3)
                (request.sampling.seed, request.sampling.temperature) = (UInt64(number), [0, 0.8, 3][number % 3])
                if number % 4 == 0 { (request.sampling.topK, request.sampling.topP, request.sampling.minP) = (0, 1, 0) }
                request.sampling.ignoresEndOfGeneration = number % 5 == 0
                request.speculates = number % 2 == 0
                // Not in step with the temperature.
                if number % 9 < 3 {
                    request.stop = [["\"", "l"], ["e", ","], ["\"", "-"], ["l", "1"], ["\"", "]"]][number % 5]
                }
                request.responseFormat = .jsonSchema(schema)
                group.addTask { [request] in (schema, request.stop, try await provider.reply(to: request)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        var (whole, stopped, cut) = (0, 0, 0)
        for (schema, stop, reply) in replies {
            let validator = try SchemaValidator(schema)
            let reading = try SchemaGrammarTests.reading(schema)
            for choice in reply.choices {
                let verdict = reading.verdict(choice.text)
                #expect(!stop.contains { choice.text.contains($0) }, "\(choice.text) of \(schema)")
                switch (choice.finish?.reason, choice.finish?.stopSequence) {
                case (.stop, let sequence?):
                    stopped += 1
                    let before = reading.verdict(choice.text + sequence)
                    #expect(stop.contains(sequence))
                    #expect(before == .beginning || before == .whole, "\(choice.text) of \(schema)")
                case (.stop, nil):
                    whole += 1
                    #expect(validator.accepts(choice.text), "\(choice.text) of \(schema)")
                case (.length, nil):
                    cut += 1
                    #expect(verdict == .beginning || verdict == .whole, "\(choice.text) of \(schema)")
                    // A choice that had fewer tokens was not cut for their number.
                    let tokens = try #require(reply.usage).completionTokens
                    #expect(reply.choices.count > 1 || tokens == 60, "\(tokens) of \(schema)")
                default: Issue.record("\(choice.finish.debugDescription)")
                }
            }
        }
        #expect(whole > 20 && stopped > 4 && cut > 4, "\(whole) \(stopped) \(cut)")
        await provider.shutDown()
        withExtendedLifetime(file) {}
    }

    @Test func anAnswerEndsWhereNothingCanFollow() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        for (format, text) in [
            (ResponseFormat.grammar("root ::= \"Yes\" | \"Yes\""), "Yes"), (.regex("^(?:a{3})-\\d{0}$"), "aaa-"),
            (.jsonSchema(#"{"const":[1]}"#), "[1]"), (.grammar("root ::= \"\""), ""),
        ] {
            for ignoresEnd in [false, true] {
                var request = GenerationRequest(prompt: .text("The dog"), responseFormat: format)
                request.sampling.ignoresEndOfGeneration = ignoresEnd
                let reply = try await provider.reply(to: request)
                #expect(reply.text == text)
                #expect(reply.choices.first?.finish?.reason == .stop)
            }
        }
        await provider.shutDown()
    }

    @Test func limitsStopSequencesAndTheContextsEndCutAnAnswerAndSayWhy() async throws {
        var options = LlamaOptions.embedded
        (options.slotCount, options.contextLength) = (1, 64)
        let provider = try await LlamaProvider.load(options)
        var request = GenerationRequest(prompt: .text("Once"), responseFormat: .jsonSchema(Self.schema))
        request.sampling.seed = 4
        request.maxTokens = 3
        let cut = try await provider.reply(to: request)
        #expect(cut.choices.first?.finish?.reason == .length)
        #expect(try SchemaGrammarTests.reading(Self.schema).verdict(cut.text) == .beginning)

        (request.maxTokens, request.stop) = (nil, [","])
        let stopped = try await provider.reply(to: request)
        #expect(stopped.choices.first?.finish?.stopSequence == ",")
        #expect(try SchemaGrammarTests.reading(Self.schema).verdict(stopped.text) == .beginning)

        // The grammar goes on where the context is shifted, and ends the answer.
        request = GenerationRequest(
            prompt: .text("Once"), responseFormat: .regex("[a-z ]{600,700}[.]"), shiftsContext: true)
        request.sampling.seed = 4
        let shifted = try await provider.reply(to: request)
        #expect(shifted.choices.first?.finish?.reason == .stop)
        #expect(shifted.usage.map { $0.completionTokens > 64 } == true)
        #expect(try GrammarReading("root ::= [a-z ]{600,700} \".\"").reads(shifted.text), "\(shifted.text)")

        request.shiftsContext = false
        let ended = try await provider.reply(to: request)
        #expect(ended.choices.first?.finish?.reason == .length)
        await provider.shutDown()
    }

    @Test func whatCannotBeFollowedIsAnErrorWithTheReplySoFar() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        var request = GenerationRequest(prompt: .text("Once"), responseFormat: .grammar("root ::= \"A\" [b]"))
        let vocabulary = provider.llama.vocabulary
        for token in 0..<Token(vocabulary.count) where vocabulary.bytes(of: token).contains(UInt8(ascii: "b")) {
            request.sampling.logitBias[token] = -.infinity
        }
        let error = await #expect(throws: GenerationError.self) { try await provider.reply(to: request) }
        #expect(error?.code == .invalidRequest && error?.parameter == "grammar")
        #expect(error?.partial?.text == "A")

        for (format, parameter) in [
            (ResponseFormat.grammar("root ::= ("), "grammar"), (.regex("("), "regex"),
            (.jsonSchema("{"), "json_schema"),
            (.jsonSchema(#"{"not":{}}"#), "json_schema"), (.grammar(""), "grammar"),
            (.grammar("root ::= root \"a\""), "grammar"), (.regex(String(repeating: "a", count: 9000)), "regex"),
        ] {
            request = GenerationRequest(prompt: .text("Once"), responseFormat: format)
            let error = await #expect(throws: GenerationError.self) { try await provider.stream(request) }
            #expect(error?.code == .invalidRequest && error?.parameter == parameter, "\(error?.message ?? "")")
        }
        // The provider still answers.
        #expect(
            try await provider.reply(to: GenerationRequest(prompt: .text("Once"), maxTokens: 2)).text.isEmpty == false)
        await provider.shutDown()
    }

    @Test func aHostileGrammarEndsItsOwnAnswerOnly() async throws {
        var options = LlamaOptions.embedded
        (options.slotCount, options.contextLength) = (2, 128)
        let provider = try await LlamaProvider.load(options)
        var request = GenerationRequest(prompt: .text("Once upon a time"), maxTokens: 20, reusesPrefix: false)
        request.sampling.temperature = 0
        let expected = try await provider.reply(to: request).text
        // Twice as many ways with each "a".
        let hostile = GenerationRequest(
            prompt: .text("Once"), responseFormat: .grammar("root ::= \"a\" root \"b\" | \"a\" root \"c\""))
        async let failed = #expect(throws: GenerationError.self) { try await provider.reply(to: hostile) }
        #expect(try await provider.reply(to: request).text == expected)
        let error = await failed
        #expect(error?.parameter == "grammar" && error?.message.contains("too many ways") == true)
        #expect(error?.partial?.text.allSatisfy { $0 == "a" } == true)
        await provider.shutDown()
    }

    @Test func aFreeAnswerThatHasTheFormIsTheSame() async throws {
        let provider = try await LlamaProvider.load(.embedded)
        var request = GenerationRequest(prompt: .text("Once upon a time"), maxTokens: 30, reusesPrefix: false)
        request.sampling.seed = 12
        let free = try await provider.reply(to: request)
        request.responseFormat = .grammar("root ::= [^x]*")
        #expect(try await provider.reply(to: request).text == free.text)
        await provider.shutDown()
    }
}
