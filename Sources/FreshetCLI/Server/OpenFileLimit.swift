import Glibc

/// The system's limit on this process's open files, of which every connection is one.
enum OpenFileLimit {
    /// Raises the limit as far as the system lets a user do that. It is low for the sake of programs that use `select`.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        // Where that is refused, connections beyond the limit wait in the system's queue.
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
