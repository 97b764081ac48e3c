package import Freshet

/// Small matrices that are added to a model's weights as it computes (Hu and others, "LoRA: Low-Rank Adaptation of Large
/// Language Models", 2021): a GGUF file, as llama.cpp's converter writes it, and how much of it is added.
public struct LoRAAdapter: Sendable, Hashable {
    /// The GGUF file.
    public var path: String
    /// What the adapter's part is multiplied with, beside the scale that its file holds: 1 is the whole of it, 0 nothing.
    public var scale: Float

    /// Names an adapter.
    public init(path: String, scale: Float = 1) { (self.path, self.scale) = (path, scale) }

    /// Its file's name and its scale, for a person: `style.gguf:0.5`.
    var label: String { "\(path.split(separator: "/").last ?? ""):\(scale)" }

    /// The adapter's file, checked against the model that it is to be added to. llama.cpp ends the process where their
    /// shapes do not fit.
    ///
    /// - Parameter parts: the model's file, or its files.
    /// - Throws: ``GenerationError`` that says why it cannot be used.
    func checkedFile(for parts: [GGUFFile]) throws(GenerationError) -> GGUFFile {
        guard scale.isFinite else {
            throw .invalid("lora", "has the scale \(scale) for \(path), which is no number to multiply with")
        }
        let file = try GGUFFile(path: path, kind: "adapter")
        do {
            try file.checkAdapter(for: parts)
        } catch {
            throw GenerationError(.modelUnusable, "The adapter \(path) cannot be used: \(error).", parameter: "lora")
        }
        return file
    }
}

extension GGUFFile {
    /// The files of adapters, checked against this model.
    ///
    /// - Throws: ``GenerationError`` that says which cannot be used, and why.
    package func checked(
        _ adapters: [LoRAAdapter]
    ) throws(GenerationError) -> [(adapter: LoRAAdapter, file: GGUFFile)] {
        guard !adapters.isEmpty else { return [] }
        let parts = try split()
        return try adapters.map { adapter throws(GenerationError) in (adapter, try adapter.checkedFile(for: parts)) }
    }

    /// 16 hexadecimal digits that tell this model with these adapters, at their scales, from others; ``fingerprint``
    /// where there are none.
    package func fingerprint(with adapters: [(adapter: LoRAAdapter, file: GGUFFile)]) -> String {
        guard !adapters.isEmpty else { return fingerprint }
        let hash = XXH3()
        let text = adapters.map { "\($0.file.fingerprint) \($0.adapter.scale)" }
        Array(([fingerprint] + text).joined(separator: "\n").utf8).withUnsafeBytes { hash.update($0) }
        let digits = String(UInt64(truncatingIfNeeded: hash.digest), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Checks that the file is an adapter for a model.
    fileprivate func checkAdapter(for parts: [GGUFFile]) throws(GGUFDamage) {
        let type = self["general.type"]?.string ?? "model"
        guard type == "adapter" else { throw GGUFDamage("it is a \(quoted(type)), and no adapter") }
        let kind = self["adapter.type"]?.string ?? ""
        guard kind == "lora" else { throw GGUFDamage("it is an adapter of the type \(quoted(kind)), and must be lora") }
        let (own, wanted) = (architecture ?? "", parts.first?.architecture ?? "")
        guard own == wanted else {
            throw GGUFDamage("it is for the architecture \(quoted(own)), but the model is \(quoted(wanted))")
        }
        if let alpha = self["adapter.lora.alpha"] {
            guard case .float32(let number) = alpha, number.isFinite else {
                throw GGUFDamage("its adapter.lora.alpha is \(quoted(alpha.description)), and must be a number")
            }
        }
        guard self["adapter.alora.invocation_tokens"] == nil else {
            throw GGUFDamage("it is to be switched on by tokens in the text, which cannot be done")
        }
        try checkPairs(
            for: Dictionary(parts.flatMap(\.tensors).map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one }))
    }

    /// Checks that every matrix has its partner and its place in the model.
    private func checkPairs(for base: [String: GGUFTensorInfo]) throws(GGUFDamage) {
        let own = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { one, _ in one })
        var pairCount = 0
        // llama.cpp passes over the vectors of norms that some adapters hold too.
        for tensor in tensors where !tensor.name.hasSuffix("_norm.weight") {
            let name = String(tensor.name.dropLast(Self.endings.down.count))
            guard tensor.name.hasSuffix(Self.endings.down) || tensor.name.hasSuffix(Self.endings.up) else {
                throw GGUFDamage("its tensor \(quoted(tensor.name)) is neither half of a pair")
            }
            guard let down = own[name + Self.endings.down], let up = own[name + Self.endings.up] else {
                throw GGUFDamage("its tensor \(quoted(tensor.name)) lacks the other half")
            }
            guard let weight = base[name] else { throw GGUFDamage("the model has no tensor \(quoted(name))") }
            guard tensor.type.isWeightType, weight.type.name != "nvfp4" else {
                throw GGUFDamage("its tensor \(quoted(tensor.name)) is of a type that cannot be added to the model's")
            }
            try Self.checkShapes(of: name, down: down, up: up, weight: weight, isTied: base["output.weight"] == nil)
            pairCount += 1
        }
        guard pairCount > 0 else { throw GGUFDamage("it holds no matrices") }
    }

    private static let endings = (down: ".lora_a", up: ".lora_b")

    /// A row of `down` is as long as one of the weights, and one of `up` as many as they are; between them lies the rank.
    /// The vocabulary's matrix is looked up in, and not multiplied with, so its pair stands the other way.
    private static func checkShapes(
        of name: String, down: GGUFTensorInfo, up: GGUFTensorInfo, weight: GGUFTensorInfo, isTied: Bool
    ) throws(GGUFDamage) {
        let (inner, outer, base) = (down.shape, up.shape, weight.shape)
        let fits: Bool
        if name == "token_embd.weight" {
            guard !isTied else {
                throw GGUFDamage("it changes token_embd.weight, which the model also computes its output with")
            }
            fits = base[0] == outer[1] && base[1] == inner[1] && inner[0] == outer[0]
        } else {
            fits = base[0] == inner[0] && base[1] == outer[1] && inner[1] == outer[0]
        }
        guard fits, inner[2...] == base[2...], outer[2...] == base[2...] else {
            throw GGUFDamage(
                "its matrices \(down.dimensions) and \(up.dimensions) for \(quoted(name)) do not fit the model's "
                    + "\(weight.dimensions)")
        }
    }
}

extension GGUFTensorInfo {
    /// The elements along each of ggml's four dimensions.
    fileprivate var shape: [Int] { dimensions + Array(repeating: 1, count: 4 - dimensions.count) }
}
