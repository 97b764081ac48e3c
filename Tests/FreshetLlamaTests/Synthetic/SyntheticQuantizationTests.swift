import Testing

@testable import FreshetLlama

/// The mixtures of types, against those that llama-quantize makes of the same shapes in f16.
struct SyntheticQuantizationTests {
    typealias Storage = SyntheticQuantization.Storage

    @Test(
        arguments: [
            ("qwen2.5-0.5b", .f16, [.f16: 169, .f32: 121]), ("qwen2.5-0.5b", .q8_0, [.q8_0: 169, .f32: 121]),
            ("qwen2.5-0.5b", .q4_K_M, [.q5_0: 132, .q8_0: 13, .q6_K: 12, .q4_K: 12, .f32: 121]),
            ("qwen2.5-0.5b", .q5_K_M, [.q5_1: 132, .q8_0: 13, .q6_K: 12, .q5_K: 12, .f32: 121]),
            ("tiny-llama", .q4_0, [.q4_0: 14, .q6_K: 1, .f32: 6]),
            ("tiny-llama", .q4_K_M, [.q4_K: 12, .q6_K: 3, .f32: 6]),
            ("tiny-gemma3", .q4_K_M, [.q4_K: 25, .q6_K: 5, .f32: 25]),
            ("tiny-mamba", .q4_K_M, [.q4_K: 6, .f16: 2, .q6_K: 1, .f32: 13]),
            ("tiny-jamba", .q5_K_M, [.q5_K: 11, .f16: 1, .q6_K: 3, .f32: 13]),
        ] as [(String, SyntheticQuantization, [Storage: Int])])
    func theMixtureIsLlamaQuantizes(
        name: String, quantization: SyntheticQuantization, counts: [Storage: Int]
    ) throws {
        let tensors = try #require(SyntheticShape.named(name)).tensors
        let storage = quantization.storage(of: tensors)
        #expect(Dictionary(storage.map { ($0, 1) }, uniquingKeysWith: +) == counts)
        for (tensor, type) in zip(tensors, storage) { #expect(tensor.rowLength % type.blockLength == 0) }
    }

    /// Of 24 layers the first three, the last three and every third of the others.
    @Test func someLayersGetMoreBits() throws {
        let tensors = try #require(SyntheticShape.named("qwen2.5-0.5b")).tensors
        let storage = SyntheticQuantization.q4_K_M.storage(of: tensors)
        let layers = zip(tensors, storage).filter { $0.0.name.hasSuffix("ffn_down.weight") }.map(\.1)
        #expect(
            layers.indices.filter { layers[$0] == .q6_K } == [0, 1, 2, 5, 8, 11, 14, 17, 20, 21, 22, 23])
    }

    @Test func namesAreReadInAnyCase() {
        #expect(SyntheticQuantization(name: "Q4_K_M") == .q4_K_M && SyntheticQuantization(name: "q4_k_m") == .q4_K_M)
        #expect(SyntheticQuantization(name: "q4") == nil)
    }
}
