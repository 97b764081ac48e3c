import Foundation

/// A file that goes with its owner.
final class TemporaryFile: Sendable {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)").path

    init(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

    convenience init(_ text: String) throws { try self.init(Array(text.utf8)) }

    deinit { unlink(path) }

    var contents: String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
