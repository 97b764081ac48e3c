import Foundation
import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

/// Damaged files all the way through llama.cpp, in this process: an abort or a crash ends the tests.
@Suite(.serialized) struct DamagedModelTests {
    /// Loads a file and generates from it. Only a ``GenerationError`` may come of it.
    private func generate(_ path: String) async -> GenerationError? {
        do {
            var options = LlamaOptions(modelPath: path)
            (options.contextLength, options.threads) = (64, 1)
            let request = GenerationRequest(prompt: .text("the a"), sampling: .greedy, maxTokens: 2)
            _ = try await LlamaProvider.load(options).reply(to: request)
            return nil
        } catch {
            return error
        }
    }

    @Test func theTinyModelGenerates() async throws {
        let file = try TemporaryFile(GGUFWriter.tinyLlama.file)
        #expect(await generate(file.path) == nil)
    }

    @Test(arguments: [0x01, 0x80] as [UInt8]) func aFlippedByteInASmallHeaderIsAnErrorOrAModel(_ flip: UInt8)
        async throws
    {
        let header = GGUFWriter.tinyLlama.header
        let file = try TemporaryFile(GGUFWriter.tinyLlama.file)
        // Every place is tried by GGUFFileTests; llama.cpp takes longer and gets one of seven.
        for place in stride(from: Int(flip) % 7, to: header.count, by: 7) {
            try file.overwrite([header[place] ^ flip], at: place)
            if let error = await generate(file.path) {
                #expect(error.message.hasSuffix(".") && !error.message.contains("\n"), "flip at \(place)")
            }
            try file.overwrite([header[place]], at: place)
        }
    }

    @Test func theEmbeddedModelCutAtEveryTwentiethIsTruncated() async throws {
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: EmbeddedModel.path)))
        let file = try TemporaryFile(bytes)
        for part in (1..<20).reversed() {
            #expect(truncate(file.path, bytes.count * part / 20) == 0)
            let error = await generate(file.path)
            #expect(error?.code == .modelUnusable && error?.message.contains("truncated") == true, "\(part) twentieths")
        }
    }

    @Test func aFlippedByteInTheEmbeddedModelsHeaderIsAnErrorOrAModel() async throws {
        let header = try GGUFFile(path: EmbeddedModel.path).dataOffset
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: EmbeddedModel.path)))
        let file = try TemporaryFile(bytes)
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<60 {
            let place = Int.random(in: 0..<header, using: &generator)
            try file.overwrite([bytes[place] ^ .random(in: 1...255, using: &generator)], at: place)
            if let error = await generate(file.path) {
                #expect(error.message.hasSuffix("."), "flip at \(place)")
            }
            try file.overwrite([bytes[place]], at: place)
        }
    }
}
