import Glibc

/// A file that is written whole or not at all.
enum OutputFile {
    /// Writes a text as ``OutputDraft`` does.
    ///
    /// - Throws: ``Exit`` that says what the system refused, or that a device, say, is no place for it.
    static func write(_ text: String, to path: String) throws(Exit) {
        let draft = try OutputDraft(of: path)
        let code = write(Array(text.utf8), to: draft.descriptor)
        guard code == 0 else { throw .failed("Cannot write “\(path)”", errno: code) }
        try draft.place()
    }

    /// Tells before work of minutes that its result could not be written; what was at the path stays.
    ///
    /// - Throws: ``Exit``, as ``write(_:to:)``.
    static func check(_ path: String) throws(Exit) { _ = try OutputDraft(of: path) }

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
