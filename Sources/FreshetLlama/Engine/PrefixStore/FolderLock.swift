import Glibc

/// Lets one store at a time add to a folder, and tells it whether another did since. A file in the folder is locked,
/// and counts the changes. Used from one thread at a time.
final class FolderLock {
    private static let fileName = "freshet.lock"
    private static let (attempts, pause) = (200, 5000 as UInt32)

    private let descriptor: Int32
    /// The count after our own last change.
    private var count: UInt64?

    /// Opens, or makes, the file in a folder.
    init(in folder: OpenFolder) throws(PrefixFolderFailure) {
        descriptor = openat(
            folder.descriptor, Self.fileName, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PrefixFolderFailure(errno: errno, "its \(Self.fileName) cannot be written") }
    }

    deinit { close(descriptor) }

    /// Waits for the lock, a second at most, and counts a change.
    ///
    /// - Returns: whether others changed something since the last time.
    /// - Throws: when another process does not let go of it, or the file is gone.
    func acquire() throws(PrefixFolderFailure) -> Bool {
        try lock()
        var found: UInt64 = 0
        guard pread(descriptor, &found, 8, 0) >= 0 else {
            release()
            throw PrefixFolderFailure(errno: errno, "its \(Self.fileName) cannot be read")
        }
        defer { count = found &+ 1 }
        // Counted before it is done: a kill in between makes others look once in vain, and hides nothing from them.
        var next = found &+ 1
        guard pwrite(descriptor, &next, 8, 0) == 8 else {
            let number = errno
            release()
            throw PrefixFolderFailure(errno: number, "its \(Self.fileName) cannot be written")
        }
        return found != count
    }

    private func lock() throws(PrefixFolderFailure) {
        // Not waiting in flock: a stopped process would keep us from ending.
        for _ in 0..<Self.attempts {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                var status = stat()
                guard fstat(descriptor, &status) == 0, status.st_nlink > 0 else {
                    release()
                    throw PrefixFolderFailure("it was removed", isGone: true)
                }
                return
            }
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw PrefixFolderFailure(errno: errno, "its \(Self.fileName) cannot be locked")
            }
            usleep(Self.pause)
        }
        throw PrefixFolderFailure("another process does not let go of its \(Self.fileName)")
    }

    /// Lets others.
    func release() { flock(descriptor, LOCK_UN) }

    /// Takes the next change for one by others: ours was not finished.
    func forget() { count = nil }
}
