import Glibc

/// A file that is being written. It gets a block's name only when it is whole; until then it has a name that is
/// nobody's, and is locked for as long as its writer lives. It goes with its owner when it has not become a block.
final class PrefixPart {
    private static let (start, end) = ("freshet-", ".part")
    private static let pieceLength = 4 << 20

    private let folder: OpenFolder
    private let descriptor: Int32
    private let name: String
    private var isNamed = false

    /// Makes an empty file.
    init(in folder: OpenFolder) throws(PrefixFolderFailure) {
        self.folder = folder
        name = Self.start + String(UInt64.random(in: .min ... .max), radix: 16) + Self.end
        descriptor = openat(folder.descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PrefixFolderFailure(errno: errno, "no file can be made in it") }
        // Who opens the folder just before this takes the file for a leftover and removes it; then it cannot be
        // renamed, and is written once more.
        flock(descriptor, LOCK_EX | LOCK_NB)
    }

    deinit {
        if !isNamed { unlinkat(folder.descriptor, name, 0) }
        close(descriptor)
    }

    /// Whom the file system lets files belong to that this process makes.
    var owner: uid_t? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_uid : nil
    }

    /// Adds bytes, in pieces: before each, `shouldStop` is asked.
    func append(_ bytes: [UInt8], shouldStop: () -> Bool) throws(PrefixFolderFailure) {
        var done = 0
        while done < bytes.count {
            guard !shouldStop() else { throw PrefixFolderFailure("there was no more time to write a file") }
            let count = bytes.withUnsafeBytes { buffer in
                write(descriptor, buffer.baseAddress.map { $0 + done }, min(Self.pieceLength, bytes.count - done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw PrefixFolderFailure(errno: errno, "a file in it cannot be written") }
            done += count
        }
    }

    /// Makes what was added reach the disk. A kill needs no more than the renaming afterwards; but some file systems
    /// say only here that they have no room. After a loss of power the checksum decides.
    func flush() throws(PrefixFolderFailure) {
        guard fdatasync(descriptor) == 0 else {
            throw PrefixFolderFailure(errno: errno, "a file in it cannot be written")
        }
    }

    /// Makes the file a block, in one step: there is no moment with half of it.
    func becomeBlock(named blockName: PrefixBlockName, lastUse: Int) throws(PrefixFolderFailure) {
        var times = [PrefixFolder.time(lastUse), PrefixFolder.time(lastUse)]
        guard futimens(descriptor, &times) == 0 else {
            throw PrefixFolderFailure(errno: errno, "a file in it cannot be given a time")
        }
        try become(blockName.fileName)
    }

    /// Gives the file a name, in one step; a file that had it is replaced.
    func become(_ fileName: String) throws(PrefixFolderFailure) {
        guard renameat(folder.descriptor, name, folder.descriptor, fileName) == 0 else {
            throw PrefixFolderFailure(errno: errno, "a file in it cannot be renamed")
        }
        isNamed = true
    }

    /// Removes what killed processes left; the files of those that live are locked.
    static func removeLeftovers(in folder: OpenFolder) throws(PrefixFolderFailure) {
        for name in try folder.names() where name.hasPrefix(start) && name.hasSuffix(end) {
            let digits = name.dropFirst(start.count).dropLast(end.count)
            guard let number = UInt64(digits, radix: 16), String(number, radix: 16) == digits else { continue }
            let descriptor = openat(folder.descriptor, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlinkat(folder.descriptor, name, 0) }
            close(descriptor)
        }
    }
}
