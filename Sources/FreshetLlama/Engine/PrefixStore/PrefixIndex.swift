/// What a folder holds: each block's length, and when it was last used. A value, so that what goes first can be tested
/// without files.
struct PrefixIndex: Sendable {
    /// A block's file.
    struct Entry: Sendable, Equatable {
        /// Its length.
        var byteCount: Int
        /// Nanoseconds since 1970.
        var lastUse: Int
    }

    /// The blocks by name.
    private(set) var entries: [PrefixBlockName: Entry] = [:]
    /// The length of all files together.
    private(set) var byteCount = 0

    /// A block's entry; setting `nil` removes it.
    subscript(name: PrefixBlockName) -> Entry? {
        get { entries[name] }
        set {
            byteCount += (newValue?.byteCount ?? 0) - (entries[name]?.byteCount ?? 0)
            entries[name] = newValue
        }
    }

    /// The blocks to remove so that at least `byteCount` bytes become free, the first first: those used longest ago,
    /// and of those used at the same time the ones on which fewer others depend.
    ///
    /// A use of a block is a use of every block before it in its prompt, so a block goes before those it depends on.
    ///
    /// - Parameter spared: blocks that must stay.
    /// - Returns: all that may go, when that is not enough.
    func victims(freeing byteCount: Int, sparing spared: Set<PrefixBlockName>) -> [PrefixBlockName] {
        var free = 0
        let order = entries.filter { !spared.contains($0.key) }.sorted { first, second in
            first.value.lastUse != second.value.lastUse
                ? first.value.lastUse < second.value.lastUse : first.key.index > second.key.index
        }
        return order.prefix { entry in
            defer { free += entry.value.byteCount }
            return free < byteCount
        }.map(\.key)
    }
}
