extension GGUFWriter {
    /// ``tinyLlama`` with a vocabulary of the kind that Llama 2 has: words begin with a space, and its tokenizer puts one
    /// before a text, and after each mark in it. Every byte has a token; the marks are gpt-oss's.
    ///
    /// - Parameter contextLength: what it says that it was trained with.
    public static func sentencePieceLlama(contextLength: UInt32 = 2048) -> GGUFWriter {
        let marks = ["<|start|>", "<|end|>", "<|channel|>", "<|message|>", "<|call|>", "<|return|>", "<|constrain|>"]
        let bytes = (0..<256).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return "<0x" + (digits.count < 2 ? "0" : "") + digits + ">"
        }
        let letters = (33...126).map { String(UnicodeScalar(UInt8($0))) } + ["▁", "▁a", "as", "▁as", "an", "t▁"]
        let tokens = ["<unk>", "<s>", "</s>"] + marks + bytes + letters
        let marked = Array(repeating: Int32(3), count: 2 + marks.count)
        let kinds = [2] + marked + bytes.map { _ in 6 } + letters.map { _ in 1 }
        var writer = tinyLlama
        writer["llama.context_length"] = .uint32(contextLength)
        writer["tokenizer.ggml.model"] = .string("llama")
        for key in ["tokenizer.ggml.pre", "tokenizer.ggml.merges"] { writer[key] = nil }
        writer["tokenizer.ggml.tokens"] = .strings(tokens)
        writer["tokenizer.ggml.scores"] = .float32s(tokens.indices.map { -Float($0) })
        writer["tokenizer.ggml.token_type"] = .int32s(kinds)
        writer["tokenizer.ggml.unknown_token_id"] = .uint32(0)
        writer["tokenizer.ggml.bos_token_id"] = .uint32(1)
        writer["tokenizer.ggml.eos_token_id"] = .uint32(2)
        writer.tensors[0] = Tensor("token_embd.weight", [32, UInt64(tokens.count)], value: 0.01)
        return writer
    }
}
