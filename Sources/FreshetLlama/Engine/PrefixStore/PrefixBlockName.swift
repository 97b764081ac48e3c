import Freshet

/// What a block is found by: a hash of its model and of every token up to its end, and its place in the prompt.
///
/// The place is there so that blocks that were used at the same time can be told by how much depends on them.
struct PrefixBlockName: Hashable, Sendable {
    /// The hash.
    var hash: UInt128
    /// How many blocks come before it in its prompt.
    var index: Int

    private static let (start, end) = ("freshet-", ".prefix")

    /// The name in a folder: `freshet-`, 32 hexadecimal digits, `-`, the index, `.prefix`.
    var fileName: String {
        let digits = String(hash, radix: 16)
        return Self.start + String(repeating: "0", count: 32 - digits.count) + "\(digits)-\(index)" + Self.end
    }

    /// Makes a name.
    init(hash: UInt128, index: Int) { (self.hash, self.index) = (hash, index) }

    /// The name of a file; `nil` when that file is not one of ours.
    init?(fileName: String) {
        let parts = fileName.dropFirst(Self.start.count).dropLast(Self.end.count).split(separator: "-")
        guard parts.count == 2, let hash = UInt128(parts[0], radix: 16), let index = Int(parts[1]) else { return nil }
        self.init(hash: hash, index: index)
        // Just one spelling is ours.
        guard self.fileName == fileName else { return nil }
    }
}
