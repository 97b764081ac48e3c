import Foundation

/// A BERT of two layers, 32 wide, with random weights: its file, and its vectors computed plainly, one text at a time,
/// from the paper (Devlin and others, "BERT: Pre-training of Deep Bidirectional Transformers", 2018).
public struct TinyBert {
    /// The sizes.
    public static let (width, heads, layers, hidden, context) = (32, 4, 2, 48, 64)
    /// Pads, unknown words, and the marks around a text; then letters, at a word's beginning and within.
    public static let tokens =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters.map { "\u{2581}" + $0 } + letters
    private static let letters = "abcdefghijklmnopqrstuvwxyz.,!?".map { String($0) }

    private var generator: SeededGenerator
    private var tensors: [(name: String, shape: [Int], values: [Float])] = []

    /// A model that the seed decides.
    public init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        let (width, hidden) = (Self.width, Self.hidden)
        add("token_embd.weight", [width, Self.tokens.count], around: 0, by: 1)
        add("token_types.weight", [width, 2], around: 0, by: 0.3)
        add("position_embd.weight", [width, Self.context], around: 0, by: 0.5)
        norm("token_embd_norm")
        for layer in 0..<Self.layers {
            let name = "blk.\(layer)."
            for part in ["attn_q", "attn_k", "attn_v", "attn_output"] { linear(name + part, width, width) }
            norm(name + "attn_output_norm")
            linear(name + "ffn_up", width, hidden)
            linear(name + "ffn_down", hidden, width)
            norm(name + "layer_output_norm")
        }
    }

    private mutating func add(_ name: String, _ shape: [Int], around middle: Float, by spread: Float) {
        let values = (0..<shape.reduce(1, *)).map { _ in
            Float.random(in: middle - spread...middle + spread, using: &generator)
        }
        tensors.append((name, shape, values))
    }

    private mutating func linear(_ name: String, _ inputs: Int, _ outputs: Int) {
        add(name + ".weight", [inputs, outputs], around: 0, by: 0.4)
        add(name + ".bias", [outputs], around: 0, by: 0.1)
    }

    private mutating func norm(_ name: String) {
        add(name + ".weight", [Self.width], around: 1, by: 0.2)
        add(name + ".bias", [Self.width], around: 0, by: 0.2)
    }

    /// The model's file.
    ///
    /// - Parameter pooling: llama.cpp's number of the pooling that the file names; `nil` names none.
    public func writer(pooling: UInt32? = nil) -> GGUFWriter {
        var writer = GGUFWriter()
        writer.metadata = [
            ("general.architecture", .string("bert")), ("general.name", .string("tiny-bert")),
            ("bert.context_length", .uint32(UInt32(Self.context))),
            ("bert.embedding_length", .uint32(UInt32(Self.width))), ("bert.block_count", .uint32(UInt32(Self.layers))),
            ("bert.feed_forward_length", .uint32(UInt32(Self.hidden))),
            ("bert.attention.head_count", .uint32(UInt32(Self.heads))),
            ("bert.attention.layer_norm_epsilon", .float32(1e-12)), ("bert.attention.causal", .bool(false)),
            ("tokenizer.ggml.model", .string("bert")), ("tokenizer.ggml.pre", .string("jina-v2-en")),
            ("tokenizer.ggml.token_type_count", .uint32(2)), ("tokenizer.ggml.tokens", .strings(Self.tokens)),
            ("tokenizer.ggml.token_type", .int32s(Self.tokens.indices.map { $0 < 5 ? 3 : 1 })),
            ("tokenizer.ggml.padding_token_id", .uint32(0)), ("tokenizer.ggml.unknown_token_id", .uint32(1)),
            ("tokenizer.ggml.bos_token_id", .uint32(2)), ("tokenizer.ggml.seperator_token_id", .uint32(3)),
            ("tokenizer.ggml.mask_token_id", .uint32(4)),
        ]
        if let pooling { writer["bert.pooling_type"] = .uint32(pooling) }
        writer.tensors = tensors.map { tensor in
            var entry = GGUFWriter.Tensor(tensor.name, tensor.shape.map(UInt64.init))
            entry.data = tensor.values.withUnsafeBytes { Array($0) }
            return entry
        }
        return writer
    }

    /// A text's tokens: its letters between the two marks, upper case as lower.
    public static func tokens(of text: String) -> [Int32] {
        let words = text.lowercased().split(separator: " ")
        let letters = words.flatMap { word in
            word.enumerated().map {
                Int32(
                    5 + ($0.offset == 0 ? 0 : Self.letters.count)
                        + (Self.letters.firstIndex(of: String($0.element)) ?? 0))
            }
        }
        return [2] + letters + [3]
    }

    /// The last layer's vector of each token.
    public func vectors(of tokens: [Int32]) -> [[Double]] {
        var states = tokens.enumerated().map { position, token in
            zip(zip(row("token_embd", Int(token)), row("position_embd", position)), row("token_types", 0))
                .map { $0.0 + $0.1 + $1 }
        }.map { normalized($0, "token_embd_norm") }
        for layer in 0..<Self.layers {
            let name = "blk.\(layer)."
            let attended = attention(states, name).map { product($0, name + "attn_output") }
            states = zip(states, attended).map { normalized(zip($0, $1).map(+), name + "attn_output_norm") }
            let fed = states.map { state in
                product(
                    product(state, name + "ffn_up").map { 0.5 * $0 * (1 + erf($0 / 2.squareRoot())) }, name + "ffn_down"
                )
            }
            states = zip(states, fed).map { normalized(zip($0, $1).map(+), name + "layer_output_norm") }
        }
        return states
    }

    private func attention(_ states: [[Double]], _ name: String) -> [[Double]] {
        let (queries, keys, values) = (
            states.map { product($0, name + "attn_q") }, states.map { product($0, name + "attn_k") },
            states.map { product($0, name + "attn_v") }
        )
        let length = Self.width / Self.heads
        return queries.map { query in
            (0..<Self.heads).flatMap { head in
                let range = head * length..<(head + 1) * length
                let scores = keys.map { key in
                    range.reduce(0) { $0 + query[$1] * key[$1] } / Double(length).squareRoot()
                }
                let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
                let sum = weights.reduce(0, +)
                return range.map { place in zip(weights, values).reduce(0) { $0 + $1.0 / sum * $1.1[place] } }
            }
        }
    }

    private func values(_ name: String) -> [Float] { tensors.first { $0.name == name }?.values ?? [] }

    private func row(_ name: String, _ place: Int) -> [Double] {
        values(name + ".weight")[place * Self.width..<(place + 1) * Self.width].map { Double($0) }
    }

    private func product(_ input: [Double], _ name: String) -> [Double] {
        let (weights, bias) = (values(name + ".weight"), values(name + ".bias"))
        return bias.enumerated().map { output, bias in
            Double(bias) + input.indices.reduce(0) { $0 + input[$1] * Double(weights[output * input.count + $1]) }
        }
    }

    private func normalized(_ vector: [Double], _ name: String) -> [Double] {
        let mean = vector.reduce(0, +) / Double(vector.count)
        let variance = vector.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(vector.count)
        return zip(vector, zip(values(name + ".weight"), values(name + ".bias"))).map {
            ($0 - mean) / (variance + 1e-12).squareRoot() * Double($1.0) + Double($1.1)
        }
    }
}
