import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

struct VocabularyTests {
    private let vocabulary: Vocabulary

    init() throws {
        var options = LlamaModel.LoadOptions()
        options.isVocabularyOnly = true
        vocabulary = try LlamaModel(path: EmbeddedModel.path, options: options).vocabulary
    }

    @Test(arguments: [
        "Once upon a time", "", " ", "\n\n\t", "naïve café", "Привет, мир", "日本語の文章", "👩‍👩‍👧 family 🏳️‍🌈",
        "{\"name\": \"Mira\", \"age\": 7}", "a\u{0}b", String(repeating: "long ", count: 2_000),
    ])
    func textComesBackByteForByte(text: String) throws {
        let tokens = try vocabulary.tokenize(text, addingSpecial: false, parsingSpecial: false)
        #expect(tokens.flatMap { vocabulary.bytes(of: $0) } == Array(text.utf8))
        #expect(tokens.allSatisfy { (0..<vocabulary.count).contains(Int($0)) })
    }

    @Test func theBeginningIsAddedOnRequest() throws {
        let plain = try vocabulary.tokenize("Once", addingSpecial: false, parsingSpecial: true)
        let marked = try vocabulary.tokenize("Once", addingSpecial: true, parsingSpecial: true)
        #expect(marked == [try #require(vocabulary.beginningOfSequence)] + plain)
    }

    @Test func marksAreTokensOnlyWhenAsked() throws {
        let end = try #require(vocabulary.endOfGeneration.first)
        let mark = String(decoding: vocabulary.bytes(of: end, showingControl: true), as: UTF8.self)
        #expect(try vocabulary.tokenize(mark, addingSpecial: false, parsingSpecial: true) == [end])
        #expect(try vocabulary.tokenize(mark, addingSpecial: false, parsingSpecial: false).count > 1)
        #expect(vocabulary.bytes(of: end).isEmpty)
        #expect(vocabulary.isEndOfGeneration(end) && vocabulary.isControl(end))
    }

    @Test func suppressedTokensAreNeverSampled() throws {
        var writer = GGUFWriter.tinyLlama
        writer["tokenizer.ggml.suppress_tokens"] = .int32s([7, -1, 5, 100_000])
        let file = try TemporaryFile(writer.file)
        var load = LlamaModel.LoadOptions()
        load.isVocabularyOnly = true
        let vocabulary = try LlamaModel(path: file.path, options: load).vocabulary
        #expect(vocabulary.suppressed == [7, 5])
        var options = SamplingOptions()
        (options.stages, options.logitBias) = ([], [7: 50])
        let sampler = Sampler(options: options, vocabulary: vocabulary, contextLength: 64)
        let likely = sampler.distribution([Float](repeating: 1, count: vocabulary.count)).filter { $0.probability > 0 }
        #expect(Set(likely.map(\.token)) == Set(0..<Token(vocabulary.count)).subtracting([5, 7]))
        #expect(self.vocabulary.suppressed.isEmpty)
    }

    @Test func tokensOutOfRangeAreNothing() {
        for token in [-1, Token(vocabulary.count), .min, .max] {
            #expect(vocabulary.bytes(of: token).isEmpty)
            #expect(!vocabulary.isEndOfGeneration(token) && !vocabulary.isControl(token))
        }
    }
}
