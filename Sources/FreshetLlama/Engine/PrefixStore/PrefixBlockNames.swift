internal import Freshet

/// The names of the whole blocks of a prompt that grows. Each is computed once, from the state of the one before.
///
/// It belongs to one thread at a time.
package final class PrefixBlockNames {
    /// The names so far, from the prompt's beginning on.
    private(set) var all: [PrefixBlockName] = []
    private let hash = XXH3()

    /// No names yet.
    ///
    /// - Parameter modelKey: what the state depends on beside the tokens.
    init(modelKey: [UInt8]) {
        // The length first, so that no key runs on into tokens; the version, so that files of another format are not
        // found at all.
        [UInt64(PrefixBlockFile.version), UInt64(modelKey.count)].withUnsafeBytes { hash.update($0) }
        modelKey.withUnsafeBytes { hash.update($0) }
    }

    /// Names what the prompt has beyond the blocks that have a name.
    ///
    /// - Parameter tokens: the prompt; it begins with the tokens of those blocks.
    func extend(over tokens: ArraySlice<Token>) {
        let length = PrefixStore.blockLength
        var rest = tokens.dropFirst(all.count * length)
        while rest.count >= length {
            rest.prefix(length).withUnsafeBytes { hash.update($0) }
            rest = rest.dropFirst(length)
            all.append(PrefixBlockName(hash: hash.digest, index: all.count))
        }
    }

    /// The names of a prompt's whole blocks, each computed when it is asked for.
    static func names(of tokens: ArraySlice<Token>, modelKey: [UInt8]) -> some Sequence<PrefixBlockName> {
        let names = PrefixBlockNames(modelKey: modelKey)
        return (0..<tokens.count / PrefixStore.blockLength).lazy.map { index in
            names.extend(over: tokens.prefix((index + 1) * PrefixStore.blockLength))
            return names.all[index]
        }
    }
}
