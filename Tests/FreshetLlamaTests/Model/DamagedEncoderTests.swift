import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

/// Damaged encoders all the way through llama.cpp, in this process: an abort or a crash ends the tests.
@Suite(.serialized) struct DamagedEncoderTests {
    @Test(arguments: [0x01, 0x80, 0x20] as [UInt8])
    func aFlippedByteInABertIsAnErrorOrAModel(_ flip: UInt8) async throws {
        let writer = TinyBert(seed: 6).writer(pooling: 1)
        let header = writer.header
        let file = try TemporaryFile(writer.file)
        var options = LlamaOptions(modelPath: file.path)
        options.threads = 1
        let request = EmbeddingRequest("the cow gives milk", "a")
        for place in stride(from: Int(flip) % 5, to: header.count, by: 5) {
            try file.overwrite([header[place] ^ flip], at: place)
            do {
                _ = try await LlamaEmbedder.load(options).embed(request)
            } catch {
                #expect(error.message.hasSuffix(".") && !error.message.contains("\n"), "flip at \(place)")
            }
            try file.overwrite([header[place]], at: place)
        }
        #expect(try await LlamaEmbedder.load(options).embed(request).vectors.count == 2)
    }
}
