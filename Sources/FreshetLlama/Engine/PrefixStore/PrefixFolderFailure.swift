import Glibc

/// Why a folder of prefixes could not be used or changed, as the end of a sentence.
struct PrefixFolderFailure: Error, CustomStringConvertible {
    /// For example "it may not be written: Permission denied".
    let description: String
    /// Whether the folder, or what we made in it, was removed by somebody else.
    var isGone = false

    /// A failure in words of its own.
    init(_ description: String, isGone: Bool = false) { (self.description, self.isGone) = (description, isGone) }

    /// What the system says about the last call, after what did not work.
    init(errno number: Int32, _ what: String) {
        self.init("\(what): \(String(cString: strerror(number)))", isGone: number == ENOENT)
    }
}
