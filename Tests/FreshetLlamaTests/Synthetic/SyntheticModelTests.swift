import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Models with random weights, made and run.
struct SyntheticModelTests {
    private static let tiny = SyntheticShape.all.map(\.name).filter { $0.hasPrefix("tiny-") }

    @Test(arguments: tiny, SyntheticQuantization.allCases)
    func everyTinyModelGenerates(shape: String, quantization: SyntheticQuantization) async throws {
        let file = try await SyntheticModelFile.make(shape, quantization)
        let provider = try await LlamaProvider.load(file.options)
        #expect(provider.model == shape + "-synthetic")
        var request = GenerationRequest(
            prompt: .messages([Message(role: .user, content: "the cat")]), sampling: .greedy, maxTokens: 40)
        let one = try await provider.reply(to: request)
        #expect(one.finish?.reason == .length && one.usage?.completionTokens == 40)
        // It says more than one thing, and not the same to everybody.
        #expect(Set(one.text).count > 5, "\(one.text)")
        // Without a template, whose end is the same for all: a small recurrent model forgets what came before it.
        request.prompt = .text("a dog")
        #expect(try await provider.reply(to: request).text != one.text)
        // Drawn by their probabilities, the ends of answers do not come either.
        request.sampling = SamplingOptions()
        (request.sampling.temperature, request.sampling.seed) = (1, 3)
        #expect(try await provider.reply(to: request).finish?.reason == .length)
        await provider.shutDown()
    }

    @Test func aSeedGivesTheSameBytesOnAnyNumberOfThreads() async throws {
        let alone = try await SyntheticModelFile.make("tiny-jamba", seed: 7, threads: 1).bytes
        #expect(try await SyntheticModelFile.make("tiny-jamba", seed: 7, threads: 3).bytes == alone)
        let other = try await SyntheticModelFile.make("tiny-jamba", seed: 8).bytes
        #expect(other.count == alone.count && other != alone)
    }

    /// The numbers of parameters are the published ones; Llama's has 32 factors of its positions beside them.
    @Test(arguments: [
        ("qwen2.5-0.5b", 494_032_768), ("qwen2.5-1.5b", 1_543_714_304), ("llama-3.2-1b", 1_235_814_400 + 32),
    ])
    func thePublishedShapesHaveTheirSize(name: String, count: Int) throws {
        let shape = try #require(SyntheticShape.named(name))
        #expect(SyntheticModel(shape: shape, quantization: .f16).parameterCount == count)
        for quantization in SyntheticQuantization.allCases {
            // ggml's writer takes every tensor, and their data lies one after the other.
            let composer = try SyntheticModel(shape: shape, quantization: quantization).composed()
            var end = 0
            for index in shape.tensors.indices {
                let range = composer.range(ofTensor: index)
                #expect(!range.isEmpty && range.lowerBound == (end + 31) / 32 * 32)
                end = range.upperBound
            }
        }
    }

    @Test func whoSaysStopIsHeard() async throws {
        let shape = try #require(SyntheticShape.named("tiny-llama"))
        let model = SyntheticModel(shape: shape, quantization: .q8_0)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)").path
        defer { unlink(path) }
        let error = await #expect(throws: GenerationError.self) {
            try await model.write(to: path, threads: 2) { $0 < 0.3 }
        }
        #expect(error?.code == .cancelled)
    }

    @Test func whatCannotBeWrittenIsSaid() async throws {
        let shape = try #require(SyntheticShape.named("tiny-llama"))
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let error = await #expect(throws: GenerationError.self) {
            try await SyntheticModel(shape: shape, quantization: .q8_0).write(to: descriptor)
        }
        #expect(error?.message.hasPrefix("The file cannot be written: ") == true)
    }
}
