public import Foundation

/// The model that the repository holds.
public enum EmbeddedModel {
    /// Its path.
    public static let path = repository.appendingPathComponent("models/freshet-small-world.gguf").path

    /// The repository's root.
    public static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
