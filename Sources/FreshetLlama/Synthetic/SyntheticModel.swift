internal import Foundation
package import Freshet

/// A model with random weights, of a real model's shape: as fast and as large as that one, and never to be believed.
///
/// What it costs to run does not depend on the weights, so benchmarks and tests need no download:
///
/// ```swift
/// let model = SyntheticModel(shape: .named("qwen2.5-0.5b")!, quantization: .q4_K_M)
/// try await model.write(to: descriptor)
/// ```
///
/// The logits are finite and differ from each other, and an answer practically never ends by itself. A seed gives the
/// same bytes every time, whatever the number of threads.
package struct SyntheticModel: Sendable, Hashable {
    /// The sizes of its parts.
    package var shape: SyntheticShape
    /// How its numbers are stored.
    package var quantization: SyntheticQuantization
    /// What the weights are drawn from.
    package var seed: UInt64

    /// Describes a model; nothing is made yet.
    package init(shape: SyntheticShape, quantization: SyntheticQuantization, seed: UInt64 = 0) {
        (self.shape, self.quantization, self.seed) = (shape, quantization, seed)
    }

    /// The name that stands in the file: `qwen2.5-0.5b-synthetic`.
    package var name: String { shape.name + "-synthetic" }

    /// The number of parameters.
    package var parameterCount: Int { shape.tensors.reduce(0) { $0 + $1.dimensions.reduce(1, *) } }

    /// Makes the model and writes it, as a GGUF file, from the beginning of an empty file.
    ///
    /// - Parameters:
    ///   - descriptor: the file, open for writing. It stays open, and is no model before the call has returned.
    ///   - threads: how many make it; `nil` takes one for each processor.
    ///   - progress: called with 0…1 from any of them; answering `false` stops.
    /// - Throws: ``GenerationError`` when the disk has no room or fails, memory runs out, or `progress` stops it.
    package func write(
        to descriptor: Int32, threads: Int? = nil, progress: @escaping @Sendable (Double) -> Bool = { _ in true }
    ) async throws(GenerationError) {
        let model = self
        let work = try await DedicatedThread.value(named: "freshet-synth") { () throws(GenerationError) in
            try SyntheticWork(model, descriptor: descriptor, progress: progress)
        }
        let threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let failure = await withTaskGroup(of: GenerationError?.self) { group in
            for _ in 0..<threads {
                group.addTask {
                    do throws(GenerationError) {
                        try await DedicatedThread.value(named: "freshet-synth", work.run)
                        return nil
                    } catch {
                        work.stop()
                        return error
                    }
                }
            }
            return await group.reduce(nil) { $0 ?? $1 }
        }
        if let failure { throw failure }
    }

    /// The file's metadata and the table of its tensors.
    func composed() throws(GenerationError) -> GGUFComposer {
        let composer = try GGUFComposer()
        try describe(in: composer)
        try describeVocabulary(in: composer)
        let tensors = shape.tensors
        for (tensor, storage) in zip(tensors, quantization.storage(of: tensors)) {
            try composer.add(tensor, as: storage)
        }
        return composer
    }

    private func describe(in composer: GGUFComposer) throws(GenerationError) {
        let architecture = shape.architecture.rawValue
        try composer.set("general.architecture", architecture)
        try composer.set("general.name", name)
        try composer.set("general.file_type", Int(quantization.fileType))
        try composer.set("general.quantization_version", 2)
        try composer.set("\(architecture).context_length", shape.contextLength)
        try composer.set("\(architecture).embedding_length", shape.width)
        try composer.set("\(architecture).block_count", shape.layers.count)
        try composer.set("\(architecture).feed_forward_length", shape.feedForwardLength)
        try composer.set("\(architecture).attention.layer_norm_rms_epsilon", 1e-6 as Float)
        try describeAttention(in: composer, architecture)
        guard shape.layers.contains(.recurrent) else { return }
        try composer.set("\(architecture).ssm.conv_kernel", SyntheticShape.kernel)
        try composer.set("\(architecture).ssm.inner_size", 2 * shape.width)
        try composer.set("\(architecture).ssm.state_size", SyntheticShape.stateLength)
        try composer.set("\(architecture).ssm.time_step_rank", shape.stepRank)
    }

    private func describeAttention(in composer: GGUFComposer, _ architecture: String) throws(GenerationError) {
        guard shape.layers.contains(.attention) else {
            try composer.set("\(architecture).attention.head_count", 0)
            return
        }
        try composer.set("\(architecture).attention.head_count", shape.heads)
        // Layers without keys and values say so here.
        let groups = shape.layers.map { $0 == .attention ? Int32(shape.groups) : 0 }
        if shape.layers.contains(.recurrent) {
            try composer.set("\(architecture).attention.head_count_kv", groups)
        } else {
            try composer.set("\(architecture).attention.head_count_kv", shape.groups)
            try composer.set("\(architecture).attention.key_length", shape.headLength)
            try composer.set("\(architecture).attention.value_length", shape.headLength)
            try composer.set("\(architecture).rope.dimension_count", shape.headLength)
            try composer.set("\(architecture).rope.freq_base", shape.ropeBase)
        }
        guard let window = shape.window else { return }
        try composer.set("\(architecture).attention.sliding_window", window)
        try composer.set("\(architecture).attention.sliding_window_pattern", 2)
    }

    private func describeVocabulary(in composer: GGUFComposer) throws(GenerationError) {
        let vocabulary = SyntheticVocabulary(size: shape.vocabularySize)
        try composer.set("tokenizer.ggml.model", "gpt2")
        try composer.set("tokenizer.ggml.pre", shape.wordRule)
        try composer.set("tokenizer.ggml.tokens", vocabulary.tokens)
        try composer.set("tokenizer.ggml.token_type", vocabulary.kinds)
        try composer.set("tokenizer.ggml.merges", vocabulary.merges)
        try composer.set(
            "tokenizer.ggml.bos_token_id", SyntheticVocabulary.beginning(of: shape.vocabularySize))
        try composer.set("tokenizer.ggml.eos_token_id", SyntheticVocabulary.end(of: shape.vocabularySize))
        try composer.set("tokenizer.ggml.add_bos_token", shape.addsBeginning)
        try composer.set("tokenizer.chat_template", SyntheticVocabulary.chatTemplate)
    }
}
