internal import Foundation
internal import Freshet

/// A folder of our own that is gone, with what is in it, when its owner is.
final class TemporaryFolder: Sendable {
    /// Where it is.
    let path: String

    /// Makes it, below the system's folder for temporary files, for its user only.
    ///
    /// - Throws: `GenerationError` that says what the system refused.
    init() throws(GenerationError) {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-bench-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(
                at: place, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch {
            throw GenerationError(
                .unreachable, "The folder \(place.path) cannot be made: \(error.localizedDescription)")
        }
        path = place.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
