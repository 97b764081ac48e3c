import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Log-probabilities on their way through the engine: which tokens are told of, and when.
@Suite struct LogProbabilityTests {
    /// An answer's bytes, texts that end it, and the most tokens.
    private static let cases: [(bytes: [UInt8], stop: [String])] = [
        (Array("naïve 🍋!".utf8), []),
        (Array("one ##two ###".utf8) + [0x61], ["###", "two #"]),
        (Array("aé🍋".utf8) + [0x62], ["🍋"]),
        ([0x61, 0xFF, 0xF0, 0x9F, 0x62, 0xE2, 0x82], []),
        ([0x61, 0xFF, 0x62, 0xC3, 0x63, 0x64, 0x65], ["cd"]),
        ([0xF0, 0x9F, 0x62, 0x63], ["b"]),
        (Array("aaaab".utf8), ["aab"]),
    ]

    @Test(arguments: cases) func tellEveryTokenOfTheTextAndNoMore(_ bytes: [UInt8], _ stop: [String]) async throws {
        for pieces in EverySplit(bytes, randomCount: 8) where pieces.count < 200 {
            let tokens = Dictionary(uniqueKeysWithValues: pieces.enumerated().map { (Token($0), Array($1)) })
            let script = ToyBackend.Script(bytes: pieces.indices.map { UInt8($0) }, pieces: tokens)
            let engine = try await InferenceEngine.toy(script)
            let stream = try engine.ask("A", stop: stop) { $0.logProbabilities = 2 }
            var chunks: [Chunk.Content] = []
            for try await chunk in stream { chunks.append(chunk.content) }
            check(chunks, pieces.map(Array.init), stop)
            await engine.shutDown()
        }
    }

    private func check(_ chunks: [Chunk.Content], _ tokens: [[UInt8]], _ stop: [String]) {
        var (told, text, assembler) = ([[UInt8]](), "", UTF8Assembler())
        /// How much text the first tokens give, and whether the last of them ends inside a character.
        let lengths = tokens.indices.map { count -> (text: Int, isOpen: Bool) in
            var assembler = UTF8Assembler()
            let text = assembler.append(tokens[...count].joined())
            return (text.utf8.count, assembler.isHolding)
        }
        var finish: Finish?
        var toldText = ""
        for content in chunks {
            switch content {
            case .text(let piece):
                // Whatever was written before is told of before more is written.
                let due = lengths.firstIndex { $0.text > text.utf8.count || $0.isOpen } ?? tokens.count
                #expect(told.count >= due || told.count >= tokens.count, "\(tokens): \(told) after \(text)")
                text += piece
            case .logProbabilities(let entries):
                #expect(!entries.isEmpty && entries.allSatisfy { $0.top.count == 2 && $0.top[0] == $0.token })
                told += entries.map(\.token.bytes)
                toldText += assembler.append(entries.flatMap(\.token.bytes))
                if told.count < tokens.count, stop.isEmpty {
                    #expect(toldText.utf8.count <= text.utf8.count, "\(tokens): told \(toldText) before its text")
                }
            case .finish(let end): finish = end
            default: break
            }
        }
        // As many tokens as the answer has bytes of, be they text or not.
        let length = text.utf8.count + (finish?.undecodable.reduce(0) { $0 + $1.bytes.count } ?? 0)
        var (expected, begin) = ([[UInt8]](), 0)
        for token in tokens {
            let end = begin + token.count
            if finish?.stopSequence == nil || begin < length || end <= length { expected.append(token) }
            begin = end
        }
        #expect(told == expected, "\(tokens) ended by \(finish as Any)")
    }

    @Test func anErrorKeepsWhatWasHeldBack() async throws {
        let script = ToyBackend.Script(
            bytes: Array("ab#cd".utf8),
            onToken: { token throws(GenerationError) in
                if token == Token(UInt8(ascii: "#")) { throw GenerationError(.engineFailed, "Broken.") }
            })
        let engine = try await InferenceEngine.toy(script)
        let stream = try engine.ask("A", stop: ["##"]) { $0.logProbabilities = 0 }
        let error = await #expect(throws: GenerationError.self) { try await stream.collect() }
        let choice = try #require(error?.partial?.choices.first)
        #expect(choice.text == "ab#" && choice.logProbabilities.flatMap(\.token.bytes) == Array("ab#".utf8))
        await engine.shutDown()
    }

    /// On a real model: what the engine tells is the plain softmax over that model's logits.
    @Test func areThoseOfTheModel() async throws {
        let model = try await ModelKind.llama.load()
        let test = try await ModelEngine(model, contextLength: 128, slots: 1)
        var generator = SeededGenerator(seed: 4)
        let prompt = test.prompt(20, using: &generator)
        let request: (inout GenerationRequest) -> Void = { request in
            request.logProbabilities = 4
            (request.sampling.temperature, request.sampling.repeatPenalty, request.sampling.seed) = (0.7, 1.3, 3)
        }
        let choice = try await test.ask(prompt, maxTokens: 30, request).collect().choices[0]
        #expect(choice.logProbabilities.count == 30)
        let alone = try test.alone()
        let plain = try alone.read(choice.tokens, after: prompt) { token, logits in
            let sum = logits.reduce(0) { $0 + exp(Double($1)) }
            return (token: Double(logits[Int(token)]) - log(sum), best: Double(logits.max() ?? 0) - log(sum))
        }
        for (entry, plain) in zip(choice.logProbabilities, plain) {
            #expect(abs(Double(entry.token.logProbability) - plain.token) < Double(alone.tie))
            #expect(abs(Double(entry.top[0].logProbability) - plain.best) < Double(alone.tie))
        }
        #expect(plain.count == 30)
        await test.engine.shutDown()
    }
}
