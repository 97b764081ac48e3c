import Foundation
import Freshet
import FreshetLlama

/// A model of Qwen2.5 0.5B's shape with random weights, made once a machine.
enum SyntheticFile {
    /// The file, beside those of `scripts/bench engine`.
    static func path() async throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.cache"
        let folder = cache + "/freshet/bench"
        let path = "\(folder)/qwen2.5-0.5b-q4_0.gguf"
        guard !FileManager.default.fileExists(atPath: path) else { return path }
        guard let shape = SyntheticShape.named("qwen2.5-0.5b") else { return path }
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
