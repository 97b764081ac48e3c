/// How a tensor's elements are stored: ggml's types.
public struct GGUFTensorType: Sendable, Hashable {
    /// ggml's name, for example `q4_K`.
    public let name: String
    /// Elements are stored in blocks of this many.
    public let blockLength: Int
    /// The bytes of one block.
    public let blockByteCount: Int

    /// The type with a number in a GGUF file; `nil` when ggml does not know it, or no longer.
    public init?(number: UInt32) {
        guard let type = Self.known[number] else { return nil }
        (name, blockLength, blockByteCount) = type
    }

    /// ggml's table of types, without those that it has given up.
    private static let known: [UInt32: (String, Int, Int)] = [
        0: ("f32", 1, 4), 1: ("f16", 1, 2), 2: ("q4_0", 32, 18), 3: ("q4_1", 32, 20), 6: ("q5_0", 32, 22),
        7: ("q5_1", 32, 24), 8: ("q8_0", 32, 34), 9: ("q8_1", 32, 36), 10: ("q2_K", 256, 84), 11: ("q3_K", 256, 110),
        12: ("q4_K", 256, 144), 13: ("q5_K", 256, 176), 14: ("q6_K", 256, 210), 15: ("q8_K", 256, 292),
        16: ("iq2_xxs", 256, 66), 17: ("iq2_xs", 256, 74), 18: ("iq3_xxs", 256, 98), 19: ("iq1_s", 256, 50),
        20: ("iq4_nl", 32, 18), 21: ("iq3_s", 256, 110), 22: ("iq2_s", 256, 82), 23: ("iq4_xs", 256, 136),
        24: ("i8", 1, 1), 25: ("i16", 1, 2), 26: ("i32", 1, 4), 27: ("i64", 1, 8), 28: ("f64", 1, 8),
        29: ("iq1_m", 256, 56), 30: ("bf16", 1, 2), 34: ("tq1_0", 256, 54), 35: ("tq2_0", 256, 66),
        39: ("mxfp4", 32, 17), 40: ("nvfp4", 64, 36), 41: ("q1_0", 128, 18), 42: ("q2_0", 64, 18),
    ]

    /// Whether weights of this type can be multiplied with: the others hold positions or results in between.
    var isWeightType: Bool { !["i8", "i16", "i32", "i64", "f64", "q8_1", "q8_K"].contains(name) }
}

/// A tensor's place and shape, without its elements.
public struct GGUFTensorInfo: Sendable, Hashable {
    /// The name, for example `blk.0.attn_q.weight`.
    public let name: String
    /// The number of elements along each dimension, the fastest first.
    public let dimensions: [Int]
    /// How the elements are stored.
    public let type: GGUFTensorType
    /// Where the elements begin, counted from the file's data section.
    public let offset: Int
    /// The number of elements.
    public let elementCount: Int
    /// The bytes of all elements.
    public let byteCount: Int

    /// Checks a shape and counts.
    init(name: String, dimensions: [Int], type: GGUFTensorType, offset: Int) throws(GGUFDamage) {
        var count = 1
        for dimension in dimensions {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension > 0, !overflow else {
                throw GGUFDamage("its tensor \(quoted(name)) has the impossible shape \(dimensions)")
            }
            count = product
        }
        guard (dimensions.first ?? 1) % type.blockLength == 0 else {
            throw GGUFDamage(
                "its tensor \(quoted(name)) has rows of \(dimensions.first ?? 1) elements, which \(type.name) cannot store "
                    + "in blocks of \(type.blockLength)")
        }
        let (byteCount, overflow) = (count / type.blockLength).multipliedReportingOverflow(by: type.blockByteCount)
        guard !overflow else { throw GGUFDamage("its tensor \(quoted(name)) has the impossible shape \(dimensions)") }
        (self.name, self.dimensions, self.type, self.offset) = (name, dimensions, type, offset)
        (elementCount, self.byteCount) = (count, byteCount)
    }
}
