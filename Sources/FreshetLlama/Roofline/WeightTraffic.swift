package import Freshet

/// What one token makes the processor read and multiply, counted from a GGUF file's header.
///
/// A token reads every matrix that it is multiplied with, whole: those of all layers, and the one that gives the
/// logits. Of experts it reads the few that are used, and of a table of embeddings one row. A token of a prompt gives
/// no logits, unless it is the last. Attention's products with the keys and values are left out, as small beside these
/// until a prompt has thousands of tokens.
package struct WeightTraffic: Sendable, Hashable {
    /// Bytes of weights that one token of an answer reads.
    package private(set) var bytesPerToken = 0.0
    /// Multiplications and additions that one token of a prompt takes: two for each weight that it is multiplied with.
    package private(set) var operationsPerPromptToken = 0.0
    /// The type of most bytes of the layers' matrices; `nil` for a model without layers.
    package private(set) var type: GGUFTensorType?

    /// The traffic of a model.
    ///
    /// - Throws: ``GenerationError`` when another part of a model in several files is missing or damaged.
    package init(_ file: GGUFFile) throws(GenerationError) {
        let tensors = try file.split().flatMap(\.tensors)
        let share = file.expertShare
        let isTied = !tensors.contains { $0.name == "output.weight" }
        var bytesOfTypes: [GGUFTensorType: Int] = [:]
        for tensor in tensors where !file.isAside(tensor) {
            guard !tensor.isLookup else {
                // A row is read; where there is no other, the same table gives the logits.
                let rows = tensor.name == "token_embd.weight" && isTied ? 1 : 1 / Double(max(1, tensor.rowCount))
                bytesPerToken += Double(tensor.byteCount) * rows
                continue
            }
            let part = tensor.isOfExperts ? share : 1
            bytesPerToken += Double(tensor.byteCount) * part
            guard tensor.isMatrix, tensor.name != "output.weight" else { continue }
            operationsPerPromptToken += 2 * Double(tensor.elementCount) * part
            bytesOfTypes[tensor.type, default: 0] += tensor.byteCount
        }
        type = bytesOfTypes.max { ($0.value, $1.key.name) < ($1.value, $0.key.name) }?.key
    }
}

extension GGUFTensorType {
    /// Whether elements are integers of a few bits with a scale for each block, which ggml multiplies as 8-bit
    /// integers.
    package var isQuantized: Bool { blockLength > 1 }
}

extension GGUFFile {
    /// The part of each layer's experts that a token goes through.
    fileprivate var expertShare: Double {
        guard let count = hyperparameter("expert_count")?.integer, count > 0,
            let value = hyperparameter("expert_used_count")
        else { return 1 }
        let used = value.array?.integers ?? value.integer.map { [$0] } ?? []
        guard !used.isEmpty else { return 1 }
        // One number for all layers, or one for each: then a layer's share is taken to be the mean.
        return min(1, Double(used.reduce(0, +)) / Double(used.count) / Double(count))
    }

    /// Whether a tensor belongs to layers that guess further tokens, which llama.cpp leaves out unless it is told
    /// otherwise, or is a table of rotations.
    fileprivate func isAside(_ tensor: GGUFTensorInfo) -> Bool {
        if tensor.name.hasPrefix("rope_") || tensor.name.contains(".rope_") { return true }
        guard let layers = hyperparameter("block_count")?.integer,
            let further = hyperparameter("nextn_predict_layers")?.integer, further > 0,
            let layer = tensor.layer
        else { return false }
        return layer >= layers - further
    }
}

extension GGUFTensorInfo {
    /// The layer's number, from 0; `nil` for a tensor of none.
    fileprivate var layer: Int? {
        let words = name.split(separator: ".")
        return words.first == "blk" && words.count > 2 ? Int(words[1]) : nil
    }
    /// Whether a token's row of it is looked up.
    fileprivate var isLookup: Bool {
        name.contains("token_embd") && !name.contains("norm") || name == "position_embd.weight"
    }
    /// Whether it is multiplied with.
    fileprivate var isMatrix: Bool { dimensions.count >= 2 && dimensions[1] > 1 }
    /// Whether it holds all experts of a layer.
    fileprivate var isOfExperts: Bool { name.contains("_exps") }
    fileprivate var rowCount: Int { elementCount / max(1, dimensions.first ?? 1) }
}
