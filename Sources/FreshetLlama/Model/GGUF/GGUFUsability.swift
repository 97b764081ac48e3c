public import Freshet

/// Whether llama.cpp can use a file whose header is sound.
///
/// Most of what may be wrong with a model llama.cpp reports by itself. The rules here are for what it answers by ending
/// the process: an assertion while loading, while making the first graph or while tokenising.
extension GGUFFile {
    /// Checks that the model can be opened by llama.cpp, with the other parts of a model that was split.
    ///
    /// - Parameters:
    ///   - vocabularyOnly: whether no more than the vocabulary will be used.
    ///   - allowsEncoders: whether it need not be able to continue a text.
    /// - Throws: ``GenerationError`` with code `modelUnusable`, or `modelNotFound` when a part is missing.
    public func checkUsable(vocabularyOnly: Bool = false, allowsEncoders: Bool = false) throws(GenerationError) {
        let parts = try split()
        do {
            if !vocabularyOnly {
                try checkHyperparameters()
                if isEncoder, !allowsEncoders {
                    throw GGUFDamage("it reads texts as a whole and cannot continue one; it can only embed them")
                }
            }
            try checkVocabulary()
            try checkWeights(in: parts)
        } catch {
            throw GenerationError(.modelUnusable, "The model \(path) cannot be used: \(error).")
        }
    }

    /// Whether every token sees the whole text: such a model embeds texts and cannot continue one.
    public var isEncoder: Bool {
        hyperparameter("attention.causal") == .bool(false) || architecture.map(Self.encoders.contains) ?? false
    }

    /// The architectures for which llama.cpp keeps no memory of a text, but those that generate by diffusion.
    private static let encoders: Set<String> = [
        "bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2", "jina-bert-v3", "eurobert", "modern-bert",
        "gemma-embedding", "t5encoder",
    ]

    /// A value below the architecture's own prefix: `block_count` is `llama.block_count`.
    func hyperparameter(_ name: String) -> GGUFValue? {
        architecture.flatMap { self["\($0).\(name)"] }
    }

    private func checkWeights(in parts: [GGUFFile]) throws(GGUFDamage) {
        for part in parts {
            for tensor in part.tensors {
                guard (part.dataOffset + tensor.offset) % Self.leastAlignment == 0 else {
                    throw GGUFDamage(
                        "its tensor \(quoted(tensor.name)) does not stand at a multiple of \(Self.leastAlignment) bytes"
                    )
                }
                try Self.checkType(of: tensor)
            }
        }
        let tokenCount = self["tokenizer.ggml.tokens"]?.array?.count ?? 0
        for tensor in parts.lazy.flatMap(\.tensors) where tensor.name == "token_embd.weight" {
            guard tensor.dimensions.count == 2, tensor.dimensions[1] == tokenCount else {
                throw GGUFDamage(
                    "its vocabulary has \(tokenCount) tokens, but its token_embd.weight \(tensor.dimensions)")
            }
        }
    }

    /// ggml's CPU backend takes memory from a file only at multiples of this.
    private static let leastAlignment = 32

    /// ggml multiplies with weights of many types, but adds a bias and scales by a norm only in 32-bit floats.
    private static func checkType(of tensor: GGUFTensorInfo) throws(GGUFDamage) {
        let (name, type) = (tensor.name, tensor.type.name)
        if tensor.dimensions.dropFirst().allSatisfy({ $0 == 1 }) || name.hasSuffix("norm.weight")
            || name.hasSuffix(".bias")
        {
            guard type == "f32" else {
                throw GGUFDamage("its tensor \(quoted(name)) is of type \(type), and must be f32")
            }
        }
        guard tensor.type.isWeightType || !isMultiplied(name) else {
            throw GGUFDamage("its tensor \(quoted(name)) is of type \(type), which holds no weights")
        }
    }

    /// Whether a matrix is multiplied with in every architecture.
    private static func isMultiplied(_ name: String) -> Bool {
        guard name.hasPrefix("blk.") else { return name == "token_embd.weight" || name == "output.weight" }
        let part = name.split(separator: ".").dropFirst(2).joined(separator: ".")
        return ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"].contains {
            part == $0 + ".weight"
        }
    }
}
