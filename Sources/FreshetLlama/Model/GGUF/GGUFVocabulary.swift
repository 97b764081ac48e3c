/// The vocabulary. llama.cpp ends the process when two tokens have one text, or when it must add a token that the
/// vocabulary does not have.
extension GGUFFile {
    func checkVocabulary() throws(GGUFDamage) {
        guard let model = self["tokenizer.ggml.model"]?.string, model != "none", model != "no_vocab" else {
            throw GGUFDamage("it has no vocabulary")
        }
        guard let tokens = self["tokenizer.ggml.tokens"]?.array, tokens.elementType == .string, tokens.count > 0 else {
            throw GGUFDamage("its vocabulary has no tokens")
        }
        // The largest have 260,000. Comparing tokens takes many times the bytes that one takes in the file.
        guard tokens.count <= 1 << 20 else {
            throw GGUFDamage("its vocabulary has \(tokens.count) tokens, and no more than \(1 << 20) are read")
        }
        try checkList("tokenizer.ggml.scores", [.float32, .int32], length: tokens.count)
        try checkList("tokenizer.ggml.token_type", [.int32], length: tokens.count)
        try checkDistinct(tokens)
        try checkMerges()
        if model != "bert" && model != "rwkv" && model != "t5" {
            let first = model == "llama" ? (begin: 1, end: 2) : (begin: 11, end: 11)
            try checkAdded("bos", standard: first.begin, count: tokens.count, whenUnsaid: true)
            try checkAdded("eos", standard: first.end, count: tokens.count, whenUnsaid: false)
        }
    }

    private func checkList(_ key: String, _ types: Set<GGUFValueType>, length: Int) throws(GGUFDamage) {
        guard let value = self[key] else { return }
        guard let list = value.array, types.contains(list.elementType), list.count >= length else {
            throw GGUFDamage(
                "its \(key) is \(quoted(value.description)), and must hold a number for each of \(length) tokens")
        }
    }

    /// llama.cpp reads a token up to its first zero byte, and gives each empty one a name of its own.
    private func checkDistinct(_ tokens: GGUFArray) throws(GGUFDamage) {
        func name(_ place: Int) -> ArraySlice<UInt8> {
            let bytes = tokens.bytes(at: place)
            let token = bytes.firstIndex(of: 0).map { bytes[..<$0] } ?? bytes
            return token.isEmpty ? Array("[EMPTY_\(place)]".utf8)[...] : token
        }
        // A hash table with open addressing, of places after a part of their hash; a set of slices takes a tenth of a
        // model's start.
        let capacity = 2 << (Int.bitWidth - tokens.count.leadingZeroBitCount)
        var table = [(hash: UInt32, place: Int32)](repeating: (0, -1), count: capacity)
        for place in 0..<tokens.count {
            let token = name(place)
            var hasher = Hasher()
            token.withUnsafeBytes { hasher.combine(bytes: $0) }
            let hash = UInt(bitPattern: hasher.finalize())
            let entry = (hash: UInt32(truncatingIfNeeded: hash >> 32), place: Int32(place))
            var at = Int(hash & UInt(capacity - 1))
            while table[at].place >= 0 {
                guard table[at].hash != entry.hash || name(Int(table[at].place)) != token else {
                    throw GGUFDamage(
                        "its vocabulary holds the token \(quoted(String(decoding: token, as: UTF8.self))) twice")
                }
                at = (at + 1) & (capacity - 1)
            }
            table[at] = entry
        }
    }

    private func checkMerges() throws(GGUFDamage) {
        guard let merges = self["tokenizer.ggml.merges"] else { return }
        guard let list = merges.array, list.elementType == .string else {
            throw GGUFDamage("its tokenizer.ggml.merges is \(quoted(merges.description)), and must be a list of texts")
        }
        for place in 0..<list.count where !list.bytes(at: place).dropFirst().contains(UInt8(ascii: " ")) {
            throw GGUFDamage("its tokenizer's merge \(place) is not a pair")
        }
    }

    /// A mark that is put around every text must be in the vocabulary: the one named, or else llama.cpp's standard one.
    private func checkAdded(_ mark: String, standard: Int, count: Int, whenUnsaid: Bool) throws(GGUFDamage) {
        let isAdded = self["tokenizer.ggml.add_\(mark)_token"].map { $0 == .bool(true) } ?? whenUnsaid
        let named = self["tokenizer.ggml.\(mark)_token_id"]?.integer
        guard isAdded, standard >= count, named.map({ !(0..<count ~= $0) }) ?? true else { return }
        throw GGUFDamage("its \(mark)_token_id is not among the \(count) tokens of its vocabulary")
    }
}
