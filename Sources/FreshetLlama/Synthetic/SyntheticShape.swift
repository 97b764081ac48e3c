/// The sizes of a model's parts: all that a model's speed and memory depend on, beside how its numbers are stored.
///
/// The sizes of the models that have been published are those in their makers' own configuration files.
package struct SyntheticShape: Sendable, Hashable {
    /// What a layer keeps of the text before.
    package enum Layer: Sendable, Hashable {
        /// Keys and values of every token: attention.
        case attention
        /// A state of one size: Mamba (Gu and Dao, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces",
        /// 2023).
        case recurrent
    }

    /// llama.cpp's architectures that a shape can have.
    package enum Architecture: String, Sendable, Hashable {
        case llama, qwen2, gemma3, mamba, jamba
    }

    /// The name by which it is asked for.
    package var name: String
    /// Whose graph it is computed with.
    package var architecture: Architecture
    /// The elements that a token is between the layers.
    package var width: Int
    /// Its layers, the first first.
    package var layers: [Layer]
    /// Attention heads of a layer.
    package var heads: Int
    /// Groups of heads that share keys and values.
    package var groups: Int
    /// The elements of one head.
    package var headLength: Int
    /// The elements between the two matrices after attention; 0 for none.
    package var feedForwardLength: Int
    /// Tokens of the vocabulary.
    package var vocabularySize: Int
    /// The longest context, in tokens.
    package var contextLength: Int
    /// The base of the rotary positions' frequencies.
    package var ropeBase: Float
    /// Tokens back that attention looks in every other layer; `nil` where it looks at all in every layer.
    package var window: Int?
    /// llama.cpp's name of the rule that cuts a text into words.
    package var wordRule: String
    /// Whether a text begins with a token that says so.
    package var addsBeginning: Bool
}

extension SyntheticShape {
    /// Every shape, the published models' first.
    package static let all: [SyntheticShape] = [
        qwen2_5(
            "qwen2.5-0.5b", width: 896, layers: 24, heads: 14, feedForwardLength: 4864),
        qwen2_5(
            "qwen2.5-1.5b", width: 1536, layers: 28, heads: 12, feedForwardLength: 8960),
        SyntheticShape(
            name: "llama-3.2-1b", architecture: .llama, width: 2048, layers: attention(16), heads: 32, groups: 8,
            headLength: 64, feedForwardLength: 8192, vocabularySize: 128_256, contextLength: 131_072,
            ropeBase: 500_000, wordRule: "llama-bpe", addsBeginning: true),
        tiny("tiny-llama", .llama, layers: attention(2)),
        tiny("tiny-gemma3", .gemma3, layers: attention(4), window: 64),
        tiny("tiny-mamba", .mamba, layers: [.recurrent, .recurrent]),
        tiny("tiny-jamba", .jamba, layers: [.recurrent, .attention]),
    ]

    /// The shape of that name; `nil` when there is none.
    package static func named(_ name: String) -> SyntheticShape? { all.first { $0.name == name } }

    private static func qwen2_5(
        _ name: String, width: Int, layers: Int, heads: Int, feedForwardLength: Int
    ) -> SyntheticShape {
        SyntheticShape(
            name: name, architecture: .qwen2, width: width, layers: attention(layers), heads: heads, groups: 2,
            headLength: width / heads, feedForwardLength: feedForwardLength, vocabularySize: 151_936,
            contextLength: 32_768, ropeBase: 1_000_000, wordRule: "qwen2", addsBeginning: false)
    }

    /// A model of a megabyte or two, for tests: as wide as the largest of ggml's blocks, so that every type has a place
    /// in it.
    private static func tiny(
        _ name: String, _ architecture: Architecture, layers: [Layer], window: Int? = nil
    ) -> SyntheticShape {
        SyntheticShape(
            name: name, architecture: architecture, width: 256, layers: layers, heads: 4, groups: 2, headLength: 64,
            feedForwardLength: architecture == .mamba ? 0 : 512, vocabularySize: 1024, contextLength: 4096,
            ropeBase: 10_000, window: window, wordRule: "default", addsBeginning: true)
    }

    private static func attention(_ count: Int) -> [Layer] { Array(repeating: .attention, count: count) }
}
