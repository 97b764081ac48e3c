/// The sizes that a model's graph is made of. A missing one is left to llama.cpp, which names it.
extension GGUFFile {
    func checkHyperparameters() throws(GGUFDamage) {
        guard let architecture, !architecture.isEmpty else {
            throw GGUFDamage("it does not say its general.architecture")
        }
        let layers = try count("block_count", in: 1...512)
        try count("context_length", in: 1...Int(Int32.max))
        try count("embedding_length", in: 1...Int(Int32.max))
        try count("nextn_predict_layers", in: 0...((layers ?? 512) - 1))
        try checkHeads(layers: layers)
        try checkExperts(layers: layers)
        try checkRope()
        for name in [
            "attention.layer_norm_rms_epsilon", "attention.layer_norm_epsilon", "attention.group_norm_epsilon",
        ] {
            try number(name, isGood: { $0 >= 0 }, "must not be negative")
        }
    }

    private func checkHeads(layers: Int?) throws(GGUFDamage) {
        let heads = try perLayer("attention.head_count", layers: layers)
        let groups = try perLayer("attention.head_count_kv", layers: layers)
        for (place, head) in heads.enumerated() where head > 0 {
            guard let group = groups.count == 1 ? groups[0] : groups.indices.contains(place) ? groups[place] : nil
            else { break }
            guard group == 0 || head % group == 0 else {
                throw GGUFDamage("its \(head) attention heads cannot share \(group) groups of keys and values")
            }
        }
        let key = try count("attention.key_length", in: 1...(1 << 20))
        let value = try count("attention.value_length", in: 1...(1 << 20))
        guard let architecture, Self.plainArchitectures.contains(architecture), let head = heads.first, head > 0,
            let width = hyperparameter("embedding_length")?.integer
        else { return }
        let (keyLength, valueLength) = (key ?? width / head, value ?? width / head)
        guard keyLength > 0, keyLength % 2 == 0 else {
            throw GGUFDamage("its attention heads have the impossible length \(keyLength)")
        }
        guard keyLength == valueLength else {
            throw GGUFDamage(
                "its attention heads have keys of length \(keyLength), but values of length \(valueLength)")
        }
    }

    private func checkExperts(layers: Int?) throws(GGUFDamage) {
        let experts = try count("expert_count", in: 0...512) ?? 0
        let used = try perLayer("expert_used_count", layers: layers).max() ?? 0
        let groups = try count("expert_group_count", in: 0...512) ?? 0
        let usedGroups = try count("expert_group_used_count", in: 0...512) ?? 0
        // One expert means none to these two, whatever else they say.
        if experts <= 1, architecture == "hunyuan-dense" || architecture == "hunyuan_vl" { return }
        guard experts == 0 ? used == 0 && groups == 0 : 1...experts ~= used && groups < experts else {
            throw GGUFDamage("it uses \(used) of \(experts) experts in \(groups) groups")
        }
        guard groups <= 1 || (experts % groups == 0 && 0 < usedGroups && usedGroups < groups) else {
            throw GGUFDamage("it uses \(usedGroups) of \(groups) groups of \(experts) experts")
        }
    }

    private func checkRope() throws(GGUFDamage) {
        if let length = try count("rope.dimension_count", in: 0...(1 << 20)), length % 2 != 0 {
            throw GGUFDamage("its rope.dimension_count is \(length), and must be even")
        }
        try number("rope.freq_base", isGood: { $0 > 0 }, "must be more than 0")
        try number("rope.scaling.factor", isGood: { $0 >= 0 }, "must not be negative")
        if let scaling = hyperparameter("rope.scaling.type") {
            guard ["none", "linear", "yarn", "longrope"].contains(scaling.string) else {
                throw GGUFDamage(
                    "its rope.scaling.type is \(quoted(scaling.description)), which llama.cpp does not know")
            }
        }
    }

    /// A whole number within bounds; `nil` when the file does not give it.
    @discardableResult
    private func count(_ name: String, in bounds: ClosedRange<Int>) throws(GGUFDamage) -> Int? {
        guard let value = hyperparameter(name) else { return nil }
        guard let count = value.integer, bounds.contains(count) else {
            throw GGUFDamage(
                "its \(name) is \(quoted(value.description)), and must be from \(bounds.lowerBound) to \(bounds.upperBound)"
            )
        }
        return count
    }

    /// One number for all layers, or one for each; none when the file does not say.
    private func perLayer(_ name: String, layers: Int?) throws(GGUFDamage) -> [Int] {
        guard let array = hyperparameter(name)?.array else {
            return try count(name, in: 0...(1 << 20)).map { [$0] } ?? []
        }
        guard let numbers = array.integers, numbers.allSatisfy({ 0...(1 << 20) ~= $0 }),
            layers == nil || numbers.count == layers
        else {
            throw GGUFDamage("its \(name) is not a number for each layer")
        }
        return numbers
    }

    private func number(_ name: String, isGood: (Double) -> Bool, _ complaint: String) throws(GGUFDamage) {
        guard let value = hyperparameter(name)?.double else { return }
        guard value.isFinite, isGood(value) else { throw GGUFDamage("its \(name) is \(value), and \(complaint)") }
    }

    /// Architectures whose graph wants keys, values and rotated dimensions of one length.
    private static let plainArchitectures: Set<String> = [
        "llama", "qwen2", "qwen2moe", "qwen3", "qwen3moe", "phi2", "phi3", "starcoder2", "granite", "olmo", "olmo2",
        "smollm3", "stablelm", "mistral3", "falcon", "gpt2", "gptneox", "internlm2", "exaone", "command-r", "chatglm",
    ]
}
