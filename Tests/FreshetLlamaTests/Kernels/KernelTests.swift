import CKernelOracle
import FreshetTestSupport
import Testing

/// What llama.cpp's CPU backend computes with Freshet's kernels in it, against plain sums in double precision.
@Suite struct KernelTests {
    /// Types of values, as ggml numbers them.
    enum ValueType: Int32, CaseIterable {
        case f32 = 0, f16 = 1, q4_0 = 2, q5_0 = 6, q8_0 = 8, q4_K = 12, q5_K = 13, q6_K = 14, bf16 = 30
    }

    /// Lengths of keys and values, heads of queries and of keys, tokens, cells and sequences.
    struct Shape: CustomTestStringConvertible {
        var lengths: (Int32, Int32)
        var heads: (Int32, Int32)
        var tokens: Int32
        var cells: Int32
        var sequences: Int32

        init(
            _ lengths: (Int32, Int32), heads: (Int32, Int32), tokens: Int32, cells: Int32, sequences: Int32
        ) {
            self.lengths = lengths
            self.heads = heads
            self.tokens = tokens
            self.cells = cells
            self.sequences = sequences
        }

        var testDescription: String { "\(lengths) heads \(heads), \(tokens) tokens, \(cells) cells, \(sequences)" }
    }

    /// One token and many, one sequence and as many as tokens, cells that fill a tile and that do not, and more of them
    /// than are looked at together.
    static let shapes = [
        Shape((64, 64), heads: (14, 2), tokens: 1, cells: 300, sequences: 1),
        Shape((64, 64), heads: (14, 2), tokens: 16, cells: 1000, sequences: 16),
        Shape((64, 64), heads: (14, 2), tokens: 33, cells: 500, sequences: 3),
        Shape((64, 64), heads: (14, 2), tokens: 20, cells: 2200, sequences: 2),
        Shape((128, 128), heads: (32, 8), tokens: 20, cells: 700, sequences: 4),
        Shape((64, 64), heads: (8, 8), tokens: 40, cells: 300, sequences: 5),
        Shape((96, 96), heads: (12, 4), tokens: 70, cells: 257, sequences: 1),
        Shape((256, 256), heads: (8, 1), tokens: 65, cells: 130, sequences: 2),
        Shape((80, 80), heads: (8, 8), tokens: 5, cells: 64, sequences: 1),
        Shape((128, 64), heads: (8, 4), tokens: 7, cells: 100, sequences: 2),
    ]

    @Test(arguments: shapes) func attentionIsExact(_ shape: Shape) {
        for threads: Int32 in [1, 2, 5] {
            for (number, (hasSinks, hasWeights)) in [(false, false), (true, false), (false, true)].enumerated() {
                var attention = Self.attention(shape, type: .f16, threads: threads, seed: UInt32(number))
                attention.has_sinks = hasSinks
                attention.has_weights = hasWeights
                let error = freshet_oracle_attention_error(&attention)
                // With more threads than parts, ggml's own kernel adds values in 16 bits.
                let isOurs = shape.tokens * shape.heads.1 >= threads
                #expect(error >= 0 && error < (isOurs ? 1e-5 : 1e-2), "\(threads) threads, \(hasSinks), \(hasWeights)")
            }
        }
    }

    @Test(arguments: [ValueType.f32, .bf16, .q8_0, .q4_0]) func attentionReadsEveryType(_ type: ValueType) {
        let shape = Shape((128, 128), heads: (16, 4), tokens: 9, cells: 300, sequences: 9)
        var attention = Self.attention(shape, type: type, threads: 2, seed: 1)
        let error = freshet_oracle_attention_error(&attention)
        #expect(error >= 0 && error < 1e-5)
    }

    @Test func attentionIsExactForRandomShapes() {
        var random = SeededGenerator(seed: 11)
        for seed in 0..<60 as Range<UInt32> {
            let sharedHeads = Int32.random(in: 1...4, using: &random)
            let tokens = Int32.random(in: 2...90, using: &random)
            let shape = Shape(
                (16 * .random(in: 1...9, using: &random), 16 * .random(in: 1...9, using: &random)),
                heads: (sharedHeads * .random(in: 1...9, using: &random), sharedHeads), tokens: tokens,
                cells: tokens + .random(in: 0...400, using: &random), sequences: .random(in: 1...tokens, using: &random)
            )
            var attention = Self.attention(
                shape, type: [.f16, .q8_0].randomElement(using: &random)!, threads: 2, seed: seed)
            // A row of Q8_0 is a multiple of 32.
            if attention.key_length % 32 != 0 { attention.key_type = ValueType.f16.rawValue }
            if attention.value_length % 32 != 0 { attention.value_type = ValueType.f16.rawValue }
            let error = freshet_oracle_attention_error(&attention)
            #expect(error >= 0 && error < 1e-5, "seed \(seed): \(shape.testDescription)")
        }
    }

    @Test(arguments: [ValueType.q8_0, .q5_0, .q4_0]) func productsAreExact(_ type: ValueType) {
        expectExactProducts(type, FRESHET_WEIGHTS_PLAIN, rows: [5, 16, 40, 120])
    }

    @Test(arguments: [ValueType.q8_0, .q5_0, .q4_0, .q4_K, .q5_K, .q6_K])
    func productsOfPackedWeightsAreExact(_ type: ValueType) {
        expectExactProducts(type, FRESHET_WEIGHTS_PACKED, rows: [16, 48, 128])
    }

    /// Few tokens ten times, until all panels are packed, and many tokens, for which all are at once.
    @Test(arguments: [ValueType.q8_0, .q5_0, .q4_0, .q4_K, .q5_K, .q6_K])
    func productsStayTheSameWhileWeightsArePacked(_ type: ValueType) {
        for (rows, tokens): (Int32, Int32) in [(16, 1), (48, 3), (512, 1), (512, 20), (128, 200)] {
            for threads: Int32 in [1, 3] {
                let error = freshet_oracle_product_error(
                    type.rawValue, FRESHET_WEIGHTS_MAPPED, rows, 512, tokens, threads, 11, UInt32(rows + tokens))
                #expect(error >= 0 && error < 1e-6, "\(rows) rows, \(tokens) tokens, \(threads) threads")
            }
        }
    }

    /// An odd number of blocks; every number of tokens up to more than are taken at once, and more than go past a panel.
    private func expectExactProducts(_ type: ValueType, _ place: freshet_weight_place, rows: [Int32]) {
        let isLong = [.q4_K, .q5_K, .q6_K].contains(type)
        for rows in rows {
            for columns: Int32 in isLong ? [256, 768] : [32, 96, 512] {
                for tokens in (1...35).map(Int32.init) + [130, 300] where rows < 100 || tokens % 7 < 2 {
                    let error = freshet_oracle_product_error(
                        type.rawValue, place, rows, columns, tokens, 1 + tokens % 3, 1, UInt32(tokens))
                    #expect(error >= 0 && error < 1e-6, "\(rows) rows, \(columns) columns, \(tokens) tokens")
                }
            }
        }
    }

    private static func attention(
        _ shape: Shape, type: ValueType, threads: Int32, seed: UInt32
    ) -> freshet_attention_case {
        freshet_attention_case(
            key_length: shape.lengths.0, value_length: shape.lengths.1, heads: shape.heads.0,
            shared_heads: shape.heads.1, tokens: shape.tokens, cells: shape.cells, sequences: shape.sequences,
            key_type: type.rawValue, value_type: type.rawValue, has_sinks: false, has_weights: false, threads: threads,
            seed: seed)
    }
}
