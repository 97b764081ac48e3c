import Testing

@testable import FreshetLlama

struct SyntheticVocabularyTests {
    @Test(arguments: [259, 260, 1024, 20_000]) func itHasItsSizeAndNoTokenTwice(size: Int) {
        let vocabulary = SyntheticVocabulary(size: size)
        #expect(vocabulary.tokens.count == size && Set(vocabulary.tokens).count == size)
        #expect(vocabulary.merges.count == size - 259)
        #expect(vocabulary.kinds.count == size && vocabulary.kinds.filter { $0 == 3 }.count == 3)
    }

    @Test(arguments: ["tiny-llama", "tiny-gemma3", "tiny-mamba", "tiny-jamba"])
    func everyTextIsCutAndShortWordsAreWhole(shape: String) async throws {
        let file = try await SyntheticModelFile.make(shape)
        var load = LlamaModel.LoadOptions()
        load.isVocabularyOnly = true
        let vocabulary = try LlamaModel(path: file.path, options: load).vocabulary
        for text in ["naïve café – 日本語 🙂\n\t{\"a\": 1}", " the cat sat", "<|im_end|>", "a\u{0}b"] {
            let tokens = try vocabulary.tokenize(text, addingSpecial: false, parsingSpecial: false)
            #expect(tokens.flatMap { vocabulary.bytes(of: $0) } == Array(text.utf8), "\(text)")
        }
        // Two letters are one token even in a vocabulary of a thousand.
        #expect(try vocabulary.tokenize(" is it to an", addingSpecial: false, parsingSpecial: false).count == 4)
        let end = try #require(vocabulary.endOfGeneration.first)
        #expect(vocabulary.endOfGeneration.count == 1)
        #expect(try vocabulary.tokenize("<|im_end|>", addingSpecial: false, parsingSpecial: true) == [end])
        #expect(vocabulary.beginningOfSequence != nil)
    }
}
