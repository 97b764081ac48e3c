import Freshet
import Glibc

/// The programs that this one has started: none outlives it, however it ends.
enum Children {
    /// No more than these run at a time.
    private static let capacity = 8
    // A signal's handler reads it, for which no lock is allowed; the program starts and ends its servers one by one.
    private nonisolated(unsafe) static let pids: UnsafeMutablePointer<pid_t> = {
        let pids = UnsafeMutablePointer<pid_t>.allocate(capacity: capacity)
        pids.initialize(repeating: 0, count: capacity)
        return pids
    }()

    /// Takes care that a signal ends the children too.
    static func watchSignals() {
        _ = pids
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                for place in 0..<Children.capacity where Children.pids[place] > 0 {
                    kill(Children.pids[place], SIGKILL)
                }
                _exit(128 + number)
            }
        }
    }

    /// Starts a program whose output goes to a file, with an environment beside this program's own.
    static func start(
        _ path: String, _ arguments: [String], environment: [String: String], log: String
    ) throws(GenerationError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var argv = ([path] + arguments).map { strdup($0) as UnsafeMutablePointer<CChar>? } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") }
        var own = environ
        while let variable = own.pointee {
            envp.append(strdup(variable))
            own += 1
        }
        envp.append(nil)
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, path, &actions, nil, &argv, &envp)
        guard status == 0 else {
            throw GenerationError(.unreachable, "\(path) cannot be run: \(String(cString: strerror(status))).")
        }
        if let place = (0..<capacity).first(where: { pids[$0] == 0 }) { pids[place] = pid }
        return pid
    }

    /// Whether a child has not ended yet.
    static func isRunning(_ pid: pid_t) -> Bool {
        guard (0..<capacity).contains(where: { pids[$0] == pid }) else { return false }
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return true }
        forget(pid)
        return false
    }

    /// Sends a child a signal and waits for its end; nothing for one that has ended.
    static func end(_ pid: pid_t, with signal: Int32) {
        guard isRunning(pid) else { return }
        kill(pid, signal)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        forget(pid)
    }

    private static func forget(_ pid: pid_t) {
        for place in 0..<capacity where pids[place] == pid { pids[place] = 0 }
    }
}
