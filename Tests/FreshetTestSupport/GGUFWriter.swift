/// Writes GGUF files for tests, well-formed or not: every field can be set to what it must not be.
public struct GGUFWriter: Sendable {
    /// A value with its type.
    public enum Value: Sendable {
        case uint8(UInt8)
        case uint16(UInt16)
        case uint32(UInt32)
        case int32(Int32)
        case float32(Float)
        case bool(Bool)
        case string(String)
        case uint64(UInt64)
        case float64(Double)
        case strings([String])
        case int32s([Int32])
        case float32s([Float])
        /// Any type's number with any bytes after it.
        case raw(type: UInt32, bytes: [UInt8])
    }

    /// A tensor's entry in the header; `data` is what the data section gets.
    public struct Tensor: Sendable {
        /// The tensor's name.
        public var name: String
        /// The number of elements along each dimension, the fastest first.
        public var dimensions: [UInt64]
        /// ggml's number of the elements' type.
        public var type: UInt32
        /// The elements.
        public var data: [UInt8]
        /// Where the entry says that the data is; `nil` for where it is.
        public var offset: UInt64?

        /// A tensor of 32-bit floats whose elements are all `value`.
        public init(_ name: String, _ dimensions: [UInt64], value: Float = 0) {
            (self.name, self.dimensions, type) = (name, dimensions, 0)
            data = [Float](repeating: value, count: Int(dimensions.reduce(1, *))).withUnsafeBytes { Array($0) }
        }
    }

    /// The first four bytes.
    public var magic = Array("GGUF".utf8)
    /// The format's version.
    public var version: UInt32 = 3
    /// Keys and values, in order.
    public var metadata: [(key: String, value: Value)] = []
    /// The tensors, in order.
    public var tensors: [Tensor] = []
    /// The alignment that is used; it is written down only as metadata.
    public var alignment = 32
    /// The number of tensors that the header gives; `nil` for the true one.
    public var tensorCount: UInt64?
    /// The number of metadata entries that the header gives; `nil` for the true one.
    public var entryCount: UInt64?

    /// An empty file.
    public init() {}

    /// The value of a key; setting `nil` removes it.
    public subscript(key: String) -> Value? {
        get { metadata.first { $0.key == key }?.value }
        set {
            let place = metadata.firstIndex { $0.key == key }
            switch (place, newValue) {
            case (let place?, let value?): metadata[place].value = value
            case (let place?, nil): metadata.remove(at: place)
            case (nil, let value?): metadata.append((key, value))
            case (nil, nil): break
            }
        }
    }

    /// The bytes before the data section, padding not included.
    public var header: [UInt8] {
        var bytes = magic + Self.bytes(version)
        bytes += Self.bytes(tensorCount ?? UInt64(tensors.count)) + Self.bytes(entryCount ?? UInt64(metadata.count))
        for (key, value) in metadata { bytes += Self.bytes(key) + Self.bytes(value) }
        var offset = 0
        for tensor in tensors {
            bytes += Self.bytes(tensor.name) + Self.bytes(UInt32(tensor.dimensions.count))
            for dimension in tensor.dimensions { bytes += Self.bytes(dimension) }
            bytes += Self.bytes(tensor.type) + Self.bytes(tensor.offset ?? UInt64(offset))
            offset += tensor.data.count + padding(tensor.data.count)
        }
        return bytes
    }

    /// The whole file.
    public var file: [UInt8] {
        var bytes = header
        if !tensors.isEmpty { bytes += [UInt8](repeating: 0, count: padding(bytes.count)) }
        for tensor in tensors { bytes += tensor.data + [UInt8](repeating: 0, count: padding(tensor.data.count)) }
        return bytes
    }

    private func padding(_ count: Int) -> Int { (alignment - count % alignment) % alignment }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private static func bytes(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + text.utf8 }

    private static func bytes(_ value: Value) -> [UInt8] {
        switch value {
        case .uint8(let value): bytes(UInt32(0)) + [value]
        case .uint16(let value): bytes(UInt32(2)) + bytes(value)
        case .uint32(let value): bytes(UInt32(4)) + bytes(value)
        case .int32(let value): bytes(UInt32(5)) + bytes(value)
        case .float32(let value): bytes(UInt32(6)) + bytes(value.bitPattern)
        case .bool(let value): bytes(UInt32(7)) + [value ? 1 : 0]
        case .string(let value): bytes(UInt32(8)) + bytes(value)
        case .uint64(let value): bytes(UInt32(10)) + bytes(value)
        case .float64(let value): bytes(UInt32(12)) + bytes(value.bitPattern)
        case .strings(let values): array(8, values.map { bytes($0) })
        case .int32s(let values): array(5, values.map { bytes($0) })
        case .float32s(let values): array(6, values.map { bytes($0.bitPattern) })
        case .raw(let type, let bytes): self.bytes(type) + bytes
        }
    }

    private static func array(_ type: UInt32, _ elements: [[UInt8]]) -> [UInt8] {
        bytes(UInt32(9)) + bytes(type) + bytes(UInt64(elements.count)) + elements.joined()
    }
}

extension GGUFWriter {
    /// The smallest model that llama.cpp loads and runs: one layer of the llama architecture, 32 wide, whose weights
    /// are all small and equal, and a byte-level vocabulary.
    public static var tinyLlama: GGUFWriter {
        let tokens = ["<s>", "</s>"] + (33...126).map { String(UnicodeScalar(UInt8($0))) } + ["Ġ", "Ċ", "Ġa", "th"]
        let (width, count) = (UInt64(32), UInt64(tokens.count))
        var writer = GGUFWriter()
        writer.metadata = [
            ("general.architecture", .string("llama")), ("general.name", .string("tiny")),
            ("llama.context_length", .uint32(64)), ("llama.embedding_length", .uint32(32)),
            ("llama.block_count", .uint32(1)), ("llama.feed_forward_length", .uint32(32)),
            ("llama.attention.head_count", .uint32(4)), ("llama.attention.head_count_kv", .uint32(2)),
            ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)), ("llama.rope.dimension_count", .uint32(8)),
            ("llama.rope.freq_base", .float32(10000)), ("tokenizer.ggml.model", .string("gpt2")),
            ("tokenizer.ggml.pre", .string("default")), ("tokenizer.ggml.tokens", .strings(tokens)),
            ("tokenizer.ggml.token_type", .int32s([3, 3] + Array(repeating: 1, count: tokens.count - 2))),
            ("tokenizer.ggml.merges", .strings(["Ġ a", "t h"])), ("tokenizer.ggml.bos_token_id", .uint32(0)),
            ("tokenizer.ggml.eos_token_id", .uint32(1)), ("tokenizer.ggml.add_bos_token", .bool(true)),
        ]
        writer.tensors = [
            Tensor("token_embd.weight", [width, count], value: 0.01),
            Tensor("blk.0.attn_norm.weight", [width], value: 1),
            Tensor("blk.0.attn_q.weight", [width, width], value: 0.01),
            Tensor("blk.0.attn_k.weight", [width, 16], value: 0.01),
            Tensor("blk.0.attn_v.weight", [width, 16], value: 0.01),
            Tensor("blk.0.attn_output.weight", [width, width], value: 0.01),
            Tensor("blk.0.ffn_norm.weight", [width], value: 1),
            Tensor("blk.0.ffn_gate.weight", [width, width], value: 0.01),
            Tensor("blk.0.ffn_down.weight", [width, width], value: 0.01),
            Tensor("blk.0.ffn_up.weight", [width, width], value: 0.01),
            Tensor("output_norm.weight", [width], value: 1),
        ]
        return writer
    }
}
