import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

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

    @Test func tokensOutOfRangeAreNothing() {
        for token in [-1, Token(vocabulary.count), .min, .max] {
            #expect(vocabulary.bytes(of: token).isEmpty)
            #expect(!vocabulary.isEndOfGeneration(token) && !vocabulary.isControl(token))
        }
    }
}
