import Freshet
import Glibc

/// A folder with the files of blocks, and all that is done to them. Other processes may do the same at the same time;
/// files with other names, and those of other users, are left alone.
///
/// A block's time of last use is its file's time of change, so it outlives the process. Used from one thread at a time.
final class PrefixFolder {
    /// The absolute path, so that what happens to the working directory does not matter.
    let path: String
    private let folder: OpenFolder
    private let lock: FolderLock
    /// Whose files are taken. Another user's could hold what llama.cpp must never read.
    private let owner: uid_t

    /// What came of reading a block.
    enum Reading {
        /// The file is right.
        case payload([UInt8])
        /// There is no such file.
        case missing
        /// The file is not what its name says; it has been removed, where that is allowed.
        case damaged
        /// The process has no descriptors or memory left; the file may be good.
        case unavailable
    }

    /// Opens a folder, makes it where there is none, and removes what killed processes left in it. Blocks.
    ///
    /// - Throws: when it cannot be made, opened or written.
    init(path: String) throws(PrefixFolderFailure) {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw PrefixFolderFailure("its path is not a path") }
        try OpenFolder.make(path[...])
        guard let absolute = realpath(path, nil) else { throw PrefixFolderFailure(errno: errno, "it cannot be opened") }
        defer { free(absolute) }
        self.path = String(cString: absolute)
        folder = try OpenFolder(path: self.path)
        lock = try FolderLock(in: folder)
        // On some file systems files belong to another than the user who makes them.
        owner = try PrefixPart(in: folder).owner ?? geteuid()
        try PrefixPart.removeLeftovers(in: folder)
    }

    /// Runs `body` while no other store adds blocks to the folder, in this process or another.
    ///
    /// - Parameter body: is told whether others may have added blocks since the last time.
    func exclusively(
        _ body: (_ hasChanged: Bool) throws(PrefixFolderFailure) -> Void
    ) throws(PrefixFolderFailure) {
        let hasChanged = try lock.acquire()
        defer { lock.release() }
        do {
            try body(hasChanged)
        } catch {
            lock.forget()
            throw error
        }
    }

    /// The blocks that are there. What has a block's name and cannot be one is removed.
    func scan() throws(PrefixFolderFailure) -> PrefixIndex {
        var index = PrefixIndex()
        for fileName in try folder.names() {
            guard let name = PrefixBlockName(fileName: fileName), let status = folder.status(of: fileName),
                status.st_uid == owner
            else { continue }
            if Self.canBeBlock(status) {
                index[name] = PrefixIndex.Entry(byteCount: status.st_size, lastUse: Self.nanoseconds(status.st_mtim))
            } else {
                try? remove(name)
            }
        }
        return index
    }

    private static func canBeBlock(_ status: stat) -> Bool {
        status.st_mode & S_IFMT == S_IFREG && status.st_size <= PrefixBlockFile.byteLimit
    }

    /// Reads a block. A damaged file is removed.
    func read(_ name: PrefixBlockName, as file: PrefixBlockFile) -> Reading {
        // Opening does not wait, as that of a pipe would.
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
        let descriptor = openat(folder.descriptor, name.fileName, flags)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT: return .missing
            case EMFILE, ENFILE, ENOMEM, EINTR: return .unavailable
            default: return removed(name)
            }
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return removed(name) }
        guard status.st_uid == owner else { return .missing }
        guard Self.canBeBlock(status), let payload = file.payload(in: descriptor, byteCount: status.st_size) else {
            return removed(name)
        }
        return .payload(payload)
    }

    private func removed(_ name: PrefixBlockName) -> Reading {
        try? remove(name)
        return .damaged
    }

    /// A new file to write a block into.
    func makePart() throws(PrefixFolderFailure) -> PrefixPart { try PrefixPart(in: folder) }

    /// Removes a block, or an empty folder of that name. There may be none.
    func remove(_ name: PrefixBlockName) throws(PrefixFolderFailure) {
        if unlinkat(folder.descriptor, name.fileName, 0) == 0 || errno == ENOENT { return }
        if errno == EISDIR, unlinkat(folder.descriptor, name.fileName, AT_REMOVEDIR) == 0 { return }
        throw PrefixFolderFailure(errno: errno, "a file in it cannot be removed")
    }

    /// When a block was last used, by whatever process; `nil` when there is no such file.
    func lastUse(of name: PrefixBlockName) -> Int? {
        folder.status(of: name.fileName).map { Self.nanoseconds($0.st_mtim) }
    }

    /// Writes down that a block was used.
    ///
    /// - Returns: whether that was possible; not when there is no such file.
    func use(_ name: PrefixBlockName, at time: Int) -> Bool {
        var times = [Self.time(time), Self.time(time)]
        return utimensat(folder.descriptor, name.fileName, &times, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// A time as files have it, from nanoseconds since 1970.
    static func time(_ nanoseconds: Int) -> timespec {
        timespec(tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    }

    private static func nanoseconds(_ time: timespec) -> Int {
        // A file may claim any time, and 64 bits hold the nanoseconds of 292 years.
        min(max(time.tv_sec, 0), 9_000_000_000) * 1_000_000_000 + time.tv_nsec
    }
}
