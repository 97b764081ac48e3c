import Glibc

/// A file in the making, which lies beside the one that it is to become.
///
/// ``place()`` puts it in the file's place, so that a full disk cannot destroy what was there; without it, the draft
/// goes with its owner. A link is followed to its file, and a file that is replaced leaves its permissions behind; a
/// new one is its owner's alone.
final class OutputDraft {
    /// The draft, open for reading and writing until ``place()``.
    private(set) var descriptor: Int32
    private let path: String
    private let draft: String
    private let file: String

    /// Makes an empty draft.
    ///
    /// - Throws: ``Exit`` that says what the system refused, or that a device, say, is no place for a file.
    init(of path: String) throws(Exit) {
        let (file, mode) = try Self.target(of: path)
        // A name that nobody can foresee: a link laid there would otherwise be written through.
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        var draft = Array((folder + ".freshet-XXXXXX").utf8CString)
        descriptor = mkstemp(&draft)
        guard descriptor >= 0 else { throw .failed("Cannot write “\(path)”", errno: errno) }
        (self.path, self.file) = (path, file)
        self.draft = draft.withUnsafeBufferPointer {
            String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        guard fchmod(descriptor, mode) == 0 else { throw .failed("Cannot write “\(path)”", errno: errno) }
    }

    deinit {
        // Fails when the draft has become the file, or has gone.
        unlink(draft)
        if descriptor >= 0 { close(descriptor) }
    }

    /// The draft's bytes.
    var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Puts the draft in the file's place.
    ///
    /// - Throws: ``Exit`` that says what the system refused.
    func place() throws(Exit) {
        defer { descriptor = -1 }
        // Closing may tell of a write that failed late.
        guard close(descriptor) == 0, rename(draft, file) == 0 else {
            throw .failed("Cannot write “\(path)”", errno: errno)
        }
    }

    /// The file itself, behind all links, and the permissions that it is to have.
    private static func target(of path: String) throws(Exit) -> (file: String, mode: mode_t) {
        // Nobody who writes that means a file of this name.
        guard path != "-" else { throw .failed("Cannot write to standard output: name a file.") }
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw .failed("Cannot write “\(path)”", errno: errno) }
            return (path, 0o600)
        }
        var target = path
        if status.st_mode & S_IFMT == S_IFLNK {
            // A link that leads nowhere is not replaced either.
            guard let resolved = realpath(path, nil), stat(resolved, &status) == 0 else {
                throw .failed("Cannot write “\(path)”", errno: errno)
            }
            defer { free(resolved) }
            guard let file = String(validatingCString: resolved) else {
                throw .failed("Cannot write “\(path)”: the name of the linked file is not UTF-8 text.")
            }
            target = file
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return (target, status.st_mode & 0o777)
        case S_IFDIR: throw .failed("Cannot write “\(path)”", errno: EISDIR)
        default: throw .failed("Cannot write “\(path)”: it is not a regular file.")
        }
    }
}
