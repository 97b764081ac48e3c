import Glibc

/// A file that is written whole or not at all.
enum OutputFile {
    /// Writes a text beside the file and then puts it in the file's place, so that a full disk cannot destroy what was
    /// there.
    ///
    /// - Throws: ``Exit`` that says what the system refused.
    static func write(_ text: String, to path: String) throws(Exit) {
        let draft = path + ".part"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .failed("Cannot write “\(path)”", errno: errno) }
        var code = write(Array(text.utf8), to: descriptor)
        if close(descriptor) != 0, code == 0 { code = errno }
        if code == 0, rename(draft, path) != 0 { code = errno }
        guard code == 0 else {
            unlink(draft)
            throw .failed("Cannot write “\(path)”", errno: code)
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
