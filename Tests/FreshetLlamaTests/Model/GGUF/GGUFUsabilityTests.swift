import Foundation
import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

@Suite struct GGUFUsabilityTests {
    struct Rule: Sendable, CustomTestStringConvertible {
        var complaint: String?
        var change: @Sendable (inout GGUFWriter) -> Void
        var testDescription: String { complaint ?? "usable" }

        init(_ complaint: String?, _ change: @escaping @Sendable (inout GGUFWriter) -> Void) {
            (self.complaint, self.change) = (complaint, change)
        }
    }

    private static let tokenCount = 100

    static let rules = [
        Rule("does not say its general.architecture") { $0["general.architecture"] = nil },
        Rule("does not say its general.architecture") { $0["general.architecture"] = .uint8(1) },
        Rule("its block_count is \"0\"") { $0["llama.block_count"] = .uint32(0) },
        Rule("its block_count is \"513\"") { $0["llama.block_count"] = .uint32(513) },
        Rule("its block_count is \"one\"") { $0["llama.block_count"] = .string("one") },
        Rule("its context_length is \"0\"") { $0["llama.context_length"] = .uint32(0) },
        Rule("its embedding_length is \"0\"") { $0["llama.embedding_length"] = .uint32(0) },
        Rule("cannot share 3 groups") { $0["llama.attention.head_count_kv"] = .uint32(3) },
        Rule("not a number for each layer") { $0["llama.attention.head_count"] = .int32s([4, 4]) },
        Rule("not a number for each layer") { $0["llama.attention.head_count"] = .int32s([-4]) },
        Rule("impossible length 0") { $0["llama.attention.head_count"] = .uint32(64) },
        Rule("keys of length 8, but values of length 16") {
            $0["llama.attention.key_length"] = .uint32(8)
            $0["llama.attention.value_length"] = .uint32(16)
        },
        Rule("keys of length 8, but values of length 16") { $0["llama.attention.value_length"] = .uint32(16) },
        Rule("keys of length 16, but values of length 8") { $0["llama.attention.key_length"] = .uint32(16) },
        Rule("its nextn_predict_layers is \"1\"") { $0["llama.nextn_predict_layers"] = .uint32(1) },
        Rule("must not be negative") { $0["llama.attention.layer_norm_rms_epsilon"] = .float32(-1) },
        Rule("must not be negative") { $0["llama.attention.layer_norm_rms_epsilon"] = .float32(.nan) },
        Rule("must be even") { $0["llama.rope.dimension_count"] = .uint32(7) },
        Rule("must be more than 0") { $0["llama.rope.freq_base"] = .float32(0) },
        Rule("which llama.cpp does not know") { $0["llama.rope.scaling.type"] = .string("linaer") },
        Rule("uses 0 of 8 experts") { $0["llama.expert_count"] = .uint32(8) },
        Rule("uses 2 of 0 experts") { $0["llama.expert_used_count"] = .uint32(2) },
        Rule("cannot continue one") { $0["llama.attention.causal"] = .bool(false) },
        Rule("it has no vocabulary") { $0["tokenizer.ggml.model"] = nil },
        Rule("it has no vocabulary") { $0["tokenizer.ggml.model"] = .string("none") },
        Rule("vocabulary has no tokens") { $0["tokenizer.ggml.tokens"] = .strings([]) },
        Rule("vocabulary has no tokens") { $0["tokenizer.ggml.tokens"] = .int32s([1]) },
        Rule("vocabulary has 1048577 tokens") {
            // All of them empty: a length of 0 each.
            $0["tokenizer.ggml.tokens"] = .raw(
                type: 9, bytes: [8, 0, 0, 0, 1, 0, 16, 0, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 8 << 20 | 8))
        },
        Rule("holds the token \"<s>\" twice") {
            $0["tokenizer.ggml.tokens"] = .strings(["<s>", "</s>"] + Array(repeating: "<s>", count: tokenCount - 2))
        },
        Rule("holds the token \"[EMPTY_2]\" twice") {
            $0["tokenizer.ggml.tokens"] = .strings(["<s>", "[EMPTY_2]", ""] + (3..<tokenCount).map { "t\($0)" })
        },
        Rule("holds the token \"a\" twice") {
            $0["tokenizer.ggml.tokens"] = .strings(["a\u{0}b", "a\u{0}c"] + (2..<tokenCount).map { "t\($0)" })
        },
        Rule("number for each of 100 tokens") { $0["tokenizer.ggml.token_type"] = .int32s([1, 1]) },
        Rule("number for each of 100 tokens") { $0["tokenizer.ggml.scores"] = .float32s([1]) },
        Rule("number for each of 100 tokens") { $0["tokenizer.ggml.scores"] = .strings(["1"]) },
        Rule("merge 1 is not a pair") { $0["tokenizer.ggml.merges"] = .strings(["a b", "ab"]) },
        Rule("must be a list of texts") { $0["tokenizer.ggml.merges"] = .int32s([1]) },
        Rule("but its token_embd.weight [32, 100]") {
            $0["tokenizer.ggml.tokens"] = .strings((0..<99).map { "t\($0)" })
        },
        Rule("bos_token_id is not among the 4 tokens") {
            $0["tokenizer.ggml.tokens"] = .strings(["a", "b", "c", "d"])
            $0["tokenizer.ggml.bos_token_id"] = .uint32(4)
        },
        Rule("split.count is uint32") { $0["split.count"] = .uint32(2) },
        Rule("it is not the first of 2 parts") { $0["split.count"] = .uint16(2) },
        Rule("its name must end in -00001-of-00002.gguf") {
            $0["split.count"] = .uint16(2)
            $0["split.no"] = .uint16(0)
        },
        Rule(nil) { $0["split.count"] = .uint16(1) },
        Rule(nil) { $0["llama.attention.head_count_kv"] = .int32s([2]) },
        Rule(nil) { $0["llama.rope.scaling.type"] = .string("yarn") },
        Rule(nil) { $0["tokenizer.ggml.padding_token_id"] = .uint32(.max) },
        Rule(nil) { $0["general.architecture"] = .string("somethingnew") },
        Rule(nil) { $0["general.alignment"] = .uint32(32) },
    ]

    @Test(arguments: rules) func whatLlamaCppCannotUseIsSaid(_ rule: Rule) throws {
        var writer = GGUFWriter.tinyLlama
        rule.change(&writer)
        let error = try complaint(writer.file)
        if let complaint = rule.complaint {
            #expect(
                error?.code == .modelUnusable && error?.message.contains(complaint) == true,
                "\(String(describing: error))")
        } else {
            #expect(error == nil)
        }
    }

    @Test func everyPartOfASplitModelIsLookedAt() throws {
        let folder = NSTemporaryDirectory() + "freshet-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func path(_ number: Int) -> String { "\(folder)/m-0000\(number)-of-00003.gguf" }
        func write(_ number: Int, no: Int? = nil, _ change: (inout GGUFWriter) -> Void = { _ in }) throws {
            let whole = GGUFWriter.tinyLlama
            var part = number == 1 ? whole : GGUFWriter()
            part["split.no"] = .uint16(UInt16(no ?? number - 1))
            part["split.count"] = .uint16(3)
            part.tensors = Array(whole.tensors[[0..<4, 4..<8, 8..<11][number - 1]])
            change(&part)
            try Data(part.file).write(to: URL(fileURLWithPath: path(number)))
        }
        func complaint() throws -> String? {
            do {
                try GGUFFile(path: path(1)).checkUsable()
                return nil
            } catch {
                return error.message
            }
        }
        try write(1)
        try write(2)
        #expect(try complaint() == "There is no file at \(path(3)).")
        try write(3, no: 1)
        #expect(try complaint() == "The model \(path(3)) cannot be used: it does not say that it is part 3 of 3.")
        try write(3) { $0.tensors[0] = GGUFWriter.tinyLlama.tensors[0] }
        #expect(try complaint()?.contains("its tensor \"token_embd.weight\" stands in another part too") == true)
        try write(3) { $0.tensors[2].dimensions = [4096] }
        #expect(try complaint()?.contains("it is truncated") == true)
        try write(3)
        #expect(try complaint() == nil)
        let error = #expect(throws: GenerationError.self) { try GGUFFile(path: path(2)).checkUsable() }
        #expect(error?.message.contains("name the one that ends in -00001-of-00003.gguf") == true)
    }
}
