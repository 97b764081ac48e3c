/// A tensor that is to be made: its place in the model and what its numbers are like.
package struct SyntheticTensor: Sendable, Hashable {
    /// What the numbers are.
    package enum Values: Sendable, Hashable {
        /// Random, around 0, with this standard deviation.
        case random(deviation: Float)
        /// All the same.
        case constant(Float)
        /// -1, -2, -3 … along each row: how fast the parts of Mamba's state fade.
        case decays
    }

    /// llama.cpp's name.
    package var name: String
    /// The number of elements along each dimension, the fastest first.
    package var dimensions: [Int]
    /// What the elements are.
    package var values: Values
    /// The row, if any, that is all 0.
    package var emptyRow: Int?

    /// A matrix whose products with numbers of standard deviation 1 have it too.
    static func matrix(_ name: String, _ inputs: Int, _ outputs: Int) -> SyntheticTensor {
        SyntheticTensor(
            name: name, dimensions: [inputs, outputs], values: .random(deviation: 1 / Float(inputs).squareRoot()))
    }

    /// A row of equal numbers.
    static func row(_ name: String, _ count: Int, all value: Float) -> SyntheticTensor {
        SyntheticTensor(name: name, dimensions: [count], values: .constant(value))
    }

    /// The number of rows.
    var rowCount: Int { dimensions.dropFirst().reduce(1, *) }
    /// The elements of one row.
    var rowLength: Int { dimensions[0] }
}

extension SyntheticShape {
    /// Its tensors, layer by layer, as llama.cpp wants them of the architecture.
    package var tensors: [SyntheticTensor] {
        var tensors = [SyntheticTensor.matrix("token_embd.weight", width, vocabularySize)]
        if !sharesEmbedding { tensors.append(.matrix("output.weight", width, vocabularySize)) }
        // The token that ends an answer has the logit 0, far below the largest of thousands: an answer has the length
        // that it is asked for.
        tensors[tensors.count - 1].emptyRow = SyntheticVocabulary.end(of: vocabularySize)
        if hasRopeFactors { tensors.append(.row("rope_freqs.weight", headLength / 2, all: 1)) }
        for (index, layer) in layers.enumerated() {
            let name = "blk.\(index)."
            tensors.append(.row(name + "attn_norm.weight", width, all: 1))
            tensors += layer == .attention ? attention(name) : mamba(name)
            if feedForwardLength > 0 { tensors += feedForward(name) }
        }
        return tensors + [.row("output_norm.weight", width, all: 1)]
    }

    /// Whether the output has the embedding's weights, as in all the published models of these sizes. Gemma multiplies
    /// the embedding until it is as large as what the layers add, and would say the last token again and again.
    private var sharesEmbedding: Bool { architecture != .gemma3 }

    /// Llama 3's models carry a factor for each of the rotary frequencies.
    private var hasRopeFactors: Bool { architecture == .llama }

    private func attention(_ name: String) -> [SyntheticTensor] {
        let (queries, keys) = (heads * headLength, groups * headLength)
        var tensors: [SyntheticTensor] = [
            .matrix(name + "attn_q.weight", width, queries), .matrix(name + "attn_k.weight", width, keys),
            .matrix(name + "attn_v.weight", width, keys), .matrix(name + "attn_output.weight", queries, width),
        ]
        switch architecture {
        case .qwen2:
            tensors += [("q", queries), ("k", keys), ("v", keys)].map { part, count in
                SyntheticTensor(
                    name: name + "attn_\(part).bias", dimensions: [count], values: .random(deviation: 0.1))
            }
        case .gemma3:
            tensors += [
                .row(name + "attn_q_norm.weight", headLength, all: 1),
                .row(name + "attn_k_norm.weight", headLength, all: 1),
                .row(name + "post_attention_norm.weight", width, all: 1),
            ]
        case .llama, .mamba, .jamba: break
        }
        return tensors
    }

    private func mamba(_ name: String) -> [SyntheticTensor] {
        let (inner, state, rank) = (2 * width, Self.stateLength, stepRank)
        var tensors: [SyntheticTensor] = [
            .matrix(name + "ssm_in.weight", width, 2 * inner), .matrix(name + "ssm_conv1d.weight", Self.kernel, inner),
            .row(name + "ssm_conv1d.bias", inner, all: 0), .matrix(name + "ssm_x.weight", inner, rank + 2 * state),
            .matrix(name + "ssm_dt.weight", rank, inner),
            // A step of 0.05 after the softplus: the paper begins between 0.001 and 0.1.
            .row(name + "ssm_dt.bias", inner, all: -2.97),
            SyntheticTensor(name: name + "ssm_a", dimensions: [state, inner], values: .decays),
            .row(name + "ssm_d", inner, all: 1), .matrix(name + "ssm_out.weight", inner, width),
        ]
        if architecture == .jamba {
            tensors += [("dt", rank), ("b", state), ("c", state)].map { part, count in
                .row(name + "ssm_\(part)_norm.weight", count, all: 1)
            }
        }
        return tensors
    }

    private func feedForward(_ name: String) -> [SyntheticTensor] {
        [
            .row(name + "ffn_norm.weight", width, all: 1), .matrix(name + "ffn_gate.weight", width, feedForwardLength),
            .matrix(name + "ffn_up.weight", width, feedForwardLength),
            .matrix(name + "ffn_down.weight", feedForwardLength, width),
        ] + (architecture == .gemma3 ? [.row(name + "post_ffw_norm.weight", width, all: 1)] : [])
    }

    /// The sizes that all of Mamba's models have.
    static let (kernel, stateLength) = (4, 16)
    /// The rank of Mamba's step, by the paper's rule.
    var stepRank: Int { (width + 15) / 16 }
}
