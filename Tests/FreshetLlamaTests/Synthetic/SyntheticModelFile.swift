import Foundation
import Freshet
import FreshetLlama
import Testing

/// A synthetic model's file, which goes with its owner.
final class SyntheticModelFile: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)").path

    /// Makes a model of a shape that stands in ``SyntheticShape/all``.
    static func make(
        _ shape: String, _ quantization: SyntheticQuantization = .q4_K_M, seed: UInt64 = 0, threads: Int? = nil
    ) async throws -> SyntheticModelFile {
        let shape = try #require(SyntheticShape.named(shape))
        let file = SyntheticModelFile()
        try await SyntheticModel(shape: shape, quantization: quantization, seed: seed).write(
            to: file.path, threads: threads)
        return file
    }

    deinit { unlink(path) }

    var bytes: Data { get throws { try Data(contentsOf: URL(fileURLWithPath: path)) } }

    /// Options with which the model takes little memory.
    var options: LlamaOptions {
        var options = LlamaOptions(modelPath: path)
        (options.contextLength, options.slotCount, options.threads) = (256, 2, 1)
        return options
    }
}

extension SyntheticModel {
    /// Writes a new file.
    func write(
        to path: String, threads: Int? = nil, progress: @escaping @Sendable (Double) -> Bool = { _ in true }
    ) async throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try await write(to: descriptor, threads: threads, progress: progress)
    }
}
