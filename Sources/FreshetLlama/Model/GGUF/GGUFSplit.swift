import Freshet

/// A model in several files, `…-00001-of-00003.gguf` and so on, as llama.cpp's gguf-split writes them.
extension GGUFFile {
    /// All parts of the model, this one first. A model in one file is its only part.
    ///
    /// - Throws: ``GenerationError`` when this is not the first part, or another is missing, damaged or out of order.
    func split() throws(GenerationError) -> [GGUFFile] {
        guard let value = self["split.count"] else { return [self] }
        guard case .uint16(let count) = value else {
            throw unusable("its split.count is \(value.type), and must be uint16")
        }
        guard count > 1 else { return [self] }
        guard self["split.no"] == .uint16(0) else {
            throw unusable(
                "it is not the first of \(count) parts; name the one that ends in \(Self.suffix(1, of: count))")
        }
        guard path.hasSuffix(Self.suffix(1, of: count)) else {
            throw unusable("it is the first of \(count) parts, so its name must end in \(Self.suffix(1, of: count))")
        }
        let stem = path.dropLast(Self.suffix(1, of: count).count)
        var parts = [self]
        var names = Set(tensors.map(\.name))
        for number in 2...count {
            let part = try GGUFFile(path: stem + Self.suffix(number, of: count))
            guard part["split.no"] == .uint16(number - 1) else {
                throw part.unusable("it does not say that it is part \(number) of \(count)")
            }
            for tensor in part.tensors where !names.insert(tensor.name).inserted {
                throw part.unusable("its tensor \(quoted(tensor.name)) stands in another part too")
            }
            parts.append(part)
        }
        return parts
    }

    private func unusable(_ complaint: String) -> GenerationError {
        GenerationError(.modelUnusable, "The model \(path) cannot be used: \(complaint).")
    }

    private static func suffix(_ number: UInt16, of count: UInt16) -> String {
        func digits(_ number: UInt16) -> String { String(String(100_000 + Int(number)).dropFirst()) }
        return "-\(digits(number))-of-\(digits(count)).gguf"
    }
}
