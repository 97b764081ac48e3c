import Glibc

/// A folder's descriptor, open for as long as this lives. Names are looked up in the folder that was opened, whatever
/// its path leads to later.
final class OpenFolder: Sendable {
    /// The descriptor.
    let descriptor: Int32

    /// Opens a folder that is there.
    init(path: String) throws(PrefixFolderFailure) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw PrefixFolderFailure(errno: errno, "it cannot be opened") }
    }

    deinit { close(descriptor) }

    /// Makes a folder where there is none, and those above it, for the user only.
    static func make(_ path: Substring) throws(PrefixFolderFailure) {
        if mkdir(String(path), 0o700) == 0 || errno == EEXIST { return }
        if errno == ENOENT, let slash = path.dropLast().lastIndex(of: "/"), slash > path.startIndex {
            try make(path[..<slash])
            if mkdir(String(path), 0o700) == 0 || errno == EEXIST { return }
        }
        throw PrefixFolderFailure(errno: errno, "it cannot be made")
    }

    /// The names of all that is in it.
    func names() throws(PrefixFolderFailure) -> [String] {
        // A second descriptor, because a listing has a place in it where it is.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = fdopendir(copy) else {
            let number = errno
            if copy >= 0 { close(copy) }
            throw PrefixFolderFailure(errno: number, "it cannot be listed")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            // An entry is as long as its name needs, so it must not be copied as a whole `dirent`.
            let place = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
            names.append(String(cString: (UnsafeRawPointer(entry) + place).assumingMemoryBound(to: CChar.self)))
        }
        guard errno == 0 else { throw PrefixFolderFailure(errno: errno, "it cannot be listed") }
        return names
    }

    /// What the system knows of a file, links not followed; `nil` when there is none.
    func status(of name: String) -> stat? {
        var status = stat()
        return fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
    }
}
