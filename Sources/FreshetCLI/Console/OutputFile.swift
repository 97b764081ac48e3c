import Glibc

/// A file that is written whole or not at all.
enum OutputFile {
    /// Writes a text beside the file and then puts it in the file's place, so that a full disk cannot destroy what was
    /// there. A link is followed to its file, and a file that is replaced leaves its permissions behind; a new one is
    /// its owner's alone.
    ///
    /// - Throws: ``Exit`` that says what the system refused, or that a device, say, is no place for it.
    static func write(_ text: String, to path: String) throws(Exit) {
        let (target, mode) = try place(of: path)
        // A name that nobody can foresee: a link laid there would otherwise be written through.
        let folder = target.lastIndex(of: "/").map { String(target[...$0]) } ?? ""
        var draft = Array((folder + ".freshet-XXXXXX").utf8CString)
        let descriptor = mkstemp(&draft)
        guard descriptor >= 0 else { throw .failed("Cannot write “\(path)”", errno: errno) }
        var code = write(Array(text.utf8), to: descriptor)
        if fchmod(descriptor, mode) != 0, code == 0 { code = errno }
        if close(descriptor) != 0, code == 0 { code = errno }
        if code == 0, rename(draft, target) != 0 { code = errno }
        guard code == 0 else {
            unlink(draft)
            throw .failed("Cannot write “\(path)”", errno: code)
        }
    }

    /// The file itself, behind all links, and the permissions that it is to have.
    private static func place(of path: String) throws(Exit) -> (target: String, mode: mode_t) {
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

    /// Writes all bytes; answers 0 or the system's error.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return errno }
            rest = rest.dropFirst(max(0, count))
        }
        return 0
    }
}
