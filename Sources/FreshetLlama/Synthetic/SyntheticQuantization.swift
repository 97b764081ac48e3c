/// How a model's numbers are stored: the mixtures of types that `llama-quantize` makes, by its names.
///
/// Norms, biases and the small parts of recurrent layers stay 32-bit floats, the output's matrix gets more bits (it is
/// the embedding's too where there is no other), and the mixtures `_M` give some layers more. The rules are
/// llama.cpp's.
package enum SyntheticQuantization: String, Sendable, Hashable, CaseIterable {
    case f16
    case q8_0
    case q4_0
    case q4_K_M
    case q5_K_M

    /// A type of ggml's, with its number in GGUF files.
    enum Storage: UInt32 {
        case f32 = 0
        case f16 = 1
        case q4_0 = 2
        case q5_0 = 6
        case q5_1 = 7
        case q8_0 = 8
        case q4_K = 12
        case q5_K = 13
        case q6_K = 14

        /// Elements are stored in blocks of this many.
        var blockLength: Int {
            switch self {
            case .f32, .f16: 1
            case .q4_0, .q5_0, .q5_1, .q8_0: 32
            case .q4_K, .q5_K, .q6_K: 256
            }
        }
    }

    /// The name in upper case but for the numbers' `f` and `q`, as file names have it, is accepted too.
    package init?(name: String) {
        guard let known = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
            return nil
        }
        self = known
    }

    /// llama.cpp's number of the mixture: `general.file_type`.
    var fileType: UInt32 {
        switch self {
        case .f16: 1
        case .q4_0: 2
        case .q8_0: 7
        case .q4_K_M: 15
        case .q5_K_M: 17
        }
    }

    /// The type of each of a model's tensors.
    func storage(of tensors: [SyntheticTensor]) -> [Storage] {
        // Which of the values' matrices, and of the second ones after attention, it is decides how many bits it gets.
        var places = ["attn_v.weight": 0, "ffn_down.weight": 0]
        let counts = places.mapValues { _ in 0 }.merging(
            tensors.compactMap { places.keys.first(where: $0.name.hasSuffix).map { ($0, 1) } }, uniquingKeysWith: +)
        let output = tensors.contains { $0.name == "output.weight" } ? "output.weight" : "token_embd.weight"
        return tensors.map { tensor in
            guard isQuantized(tensor) else { return .f32 }
            let part = places.keys.first(where: tensor.name.hasSuffix)
            defer { if let part { places[part, default: 0] += 1 } }
            let isSensitive = part.map { hasMoreBits(places[$0, default: 0], of: counts[$0, default: 0]) } ?? false
            let wanted = storage(isOutput: tensor.name == output, isSensitive: isSensitive)
            return fitting(wanted, rowLength: tensor.rowLength)
        }
    }

    private func isQuantized(_ tensor: SyntheticTensor) -> Bool {
        tensor.dimensions.count > 1 && tensor.name.hasSuffix(".weight") && !tensor.name.hasSuffix("ssm_conv1d.weight")
    }

    private func storage(isOutput: Bool, isSensitive: Bool) -> Storage {
        switch self {
        case .f16: .f16
        case .q8_0: .q8_0
        case .q4_0: isOutput ? .q6_K : .q4_0
        case .q4_K_M: isOutput || isSensitive ? .q6_K : .q4_K
        case .q5_K_M: isOutput || isSensitive ? .q6_K : .q5_K
        }
    }

    /// The first eighth of the layers, the last, and every third of the others.
    private func hasMoreBits(_ place: Int, of count: Int) -> Bool {
        place < count / 8 || place >= 7 * count / 8 || (place - count / 8) % 3 == 2
    }

    /// The type, or for rows that are no whole number of its blocks the next larger one with shorter blocks.
    private func fitting(_ wanted: Storage, rowLength: Int) -> Storage {
        guard rowLength % wanted.blockLength != 0 else { return wanted }
        let smaller: Storage =
            switch wanted {
            case .q4_K: .q5_0
            case .q5_K: .q5_1
            case .q6_K: .q8_0
            default: .f16
            }
        return rowLength % smaller.blockLength == 0 ? smaller : .f16
    }
}
