import Glibc

/// Bytes of an open file, by their place.
enum FileBytes {
    /// Reads `count` bytes from `start` on.
    ///
    /// - Returns: the bytes, fewer when the file ends before or cannot be read; `failure` is then the system's number
    ///   for it, and 0 where the file just ends.
    static func read(_ descriptor: Int32, at start: Int, count: Int) -> (bytes: [UInt8], failure: Int32) {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let result = pread(
                    descriptor, buffer.baseAddress.map { $0 + initialized }, count - initialized,
                    off_t(start + initialized))
                if result < 0, errno == EINTR { continue }
                guard result > 0 else {
                    failure = result < 0 ? errno : 0
                    break
                }
                initialized += result
            }
        }
        return (bytes, failure)
    }
}
