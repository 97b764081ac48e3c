import Foundation
import Freshet
import FreshetLlama

/// Models with random weights, made once a machine.
package enum SyntheticFile {
    /// The file of one with Qwen2.5 0.5B's shape, beside those of `scripts/bench engine`.
    package static func large() async throws -> String {
        guard let shape = SyntheticShape.named("qwen2.5-0.5b") else { preconditionFailure("the shape is a known one") }
        return try await path(of: shape)
    }

    /// The file of one with a tenth of that one's weights and the same vocabulary.
    package static func small() async throws -> String {
        guard var shape = SyntheticShape.named("qwen2.5-0.5b") else { preconditionFailure("the shape is a known one") }
        (shape.name, shape.width, shape.heads, shape.feedForwardLength) = ("qwen2.5-small", 256, 4, 1024)
        shape.layers = Array(shape.layers.prefix(6))
        return try await path(of: shape)
    }

    private static func path(of shape: SyntheticShape) async throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.cache"
        let folder = cache + "/freshet/bench"
        let path = "\(folder)/\(shape.name)-q4_0.gguf"
        guard !FileManager.default.fileExists(atPath: path) else { return path }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let draft = path + ".\(ProcessInfo.processInfo.processIdentifier)"
        guard FileManager.default.createFile(atPath: draft, contents: nil),
            let file = FileHandle(forWritingAtPath: draft)
        else { throw GenerationError(.unreachable, "The file \(draft) cannot be written.") }
        try await SyntheticModel(shape: shape, quantization: .q4_0, seed: 0).write(to: file.fileDescriptor)
        try FileManager.default.moveItem(atPath: draft, toPath: path)
        return path
    }
}
