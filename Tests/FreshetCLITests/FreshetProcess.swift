import Foundation
import Freshet

/// Runs the built program as a person or a shell would, and tells what came of it.
enum FreshetProcess {
    /// What the test does once the program has written something.
    enum Action: Sendable {
        /// Writes to the program's standard input.
        case type(String)
        /// Closes the program's standard input.
        case closeInput
        /// Reads the program's standard output no more.
        case closeOutput
        /// Sends a signal.
        case signal(Int32)
        /// Calls a closure with the program's process and all that it has written so far, on the thread that reads it.
        case call(@Sendable (pid_t, String) -> Void)
        /// Sends a signal once a second until the program ends; it is the last step, and is never done.
        case signalAgainAndAgain(Int32)
    }

    /// One exchange: when the text has appeared, after what the exchange before waited for, the action follows. An
    /// empty text waits for nothing.
    struct Step: Sendable {
        var text: String
        var action: Action

        init(_ text: String, _ action: Action) { (self.text, self.action) = (text, action) }

        /// Whether standard input must still be open for the action.
        var needsInput: Bool {
            switch action {
            case .type, .closeInput: true
            case .closeOutput, .signal, .call, .signalAgainAndAgain: false
            }
        }
    }

    /// How the program ended.
    enum Ending: Equatable, Sendable {
        case exited(Int32)
        case killed(bySignal: Int32)
        /// It had not ended when the patience of the test was over.
        case hung
    }

    /// What came of it.
    struct Outcome: Sendable {
        var ending: Ending
        var output: [UInt8] = []
        var errors: [UInt8] = []
        /// Steps whose text never appeared.
        var stepsLeft: Int

        var text: String { String(decoding: output, as: UTF8.self) }
        var errorText: String { String(decoding: errors, as: UTF8.self) }
    }

    /// The program, which the build puts beside the tests.
    static let path: String = {
        let folders = [CommandLine.arguments[0], "/proc/self/exe"] + CommandLine.arguments
        return folders.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().deletingLastPathComponent() }
            .map { $0.appendingPathComponent("freshet").path }
            .first { FileManager.default.isExecutableFile(atPath: $0) } ?? "freshet"
    }()

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - input: what stands on standard input, which is closed after it, unless a step still needs it.
    ///   - terminal: whether all three streams are one terminal; everything is then in the outcome's output.
    static func run(
        _ arguments: [String], input: [UInt8] = [], steps: [Step] = [], terminal: Bool = false,
        environment: [String: String] = [:]
    ) async -> Outcome {
        await withCheckedContinuation { continuation in
            // A thread of its own, because it blocks.
            Thread.detachNewThread {
                let child = Child(arguments, terminal: terminal, environment: environment)
                continuation.resume(returning: child.serve(input: input, steps: steps))
            }
        }
    }

    /// Longer than anything takes on a slow machine; only a program that hangs waits for it.
    static let patience = 480
}

/// A running program, seen from the other ends of its streams.
private final class Child {
    private let pid: pid_t
    private var input: Int32
    private var output: Int32
    private var errors: Int32
    private let isTerminal: Bool

    /// Held while descriptors are made and the program is started: another test's program must not inherit them.
    private static let starting = Monitor()

    init(_ arguments: [String], terminal: Bool, environment: [String: String]) {
        isTerminal = terminal
        var ends: [(mine: Int32, theirs: Int32)] = []
        var pid: pid_t = -1
        Self.starting.withLock {
            let pair = terminal ? PseudoTerminal() : nil
            if let pair {
                // Standard error is the terminal too; there is nothing of its own to read.
                ends = [(pair.mine, pair.theirs), (pair.mine, pair.theirs), (-1, pair.theirs)]
            } else {
                ends = [Self.openPipe(mineReads: false), Self.openPipe(), Self.openPipe()]
            }
            pid = Self.spawn(arguments, streams: ends.map(\.theirs), terminal: pair?.name, environment: environment)
            for descriptor in Set(ends.map(\.theirs)) { close(descriptor) }
        }
        self.pid = pid
        (input, output, errors) = (ends[0].mine, ends[1].mine, ends[2].mine)
        _ = fcntl(input, F_SETFL, O_NONBLOCK)
    }

    private static func openPipe(mineReads: Bool = true) -> (mine: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return mineReads ? (ends[0], ends[1]) : (ends[1], ends[0])
    }

    private static func spawn(
        _ arguments: [String], streams: [Int32], terminal: String?, environment: [String: String]
    ) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What the test's own parent ignores or blocks must not matter.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let newSession: Int16 = 0x80  // POSIX_SPAWN_SETSID, which is not imported
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | newSession)
        if let terminal {
            // Opened by the leader of a new session, the terminal becomes its own.
            posix_spawn_file_actions_addopen(&actions, 0, terminal, O_RDWR, 0)
            posix_spawn_file_actions_adddup2(&actions, 0, 1)
            posix_spawn_file_actions_adddup2(&actions, 0, 2)
        } else {
            for (place, stream) in streams.enumerated() {
                posix_spawn_file_actions_adddup2(&actions, stream, Int32(place))
            }
        }
        var variables = ProcessInfo.processInfo.environment
        let state = FileManager.default.temporaryDirectory.path
        variables.merge([
            "TERM": "xterm", "SWIFT_BACKTRACE": "enable=no", "XDG_STATE_HOME": state, "XDG_CONFIG_HOME": state,
        ]) { $1 }
        variables.merge(environment) { $1 }
        var argv = ([FreshetProcess.path] + arguments).map { strdup($0) as UnsafeMutablePointer<CChar>? } + [nil]
        var envp = variables.map { strdup("\($0)=\($1)") as UnsafeMutablePointer<CChar>? } + [nil]
        defer { for string in argv + envp { free(string) } }
        var pid: pid_t = -1
        posix_spawn(&pid, FreshetProcess.path, &actions, &attributes, &argv, &envp)
        return pid
    }

    /// Feeds and reads until the program has ended.
    func serve(input bytes: [UInt8], steps: [FreshetProcess.Step]) -> FreshetProcess.Outcome {
        var outcome = FreshetProcess.Outcome(ending: .hung, stepsLeft: steps.count)
        var (waiting, steps, searched) = (bytes[...], steps[...], 0)
        let deadline = ContinuousClock.now + .seconds(FreshetProcess.patience)
        while output >= 0 || errors >= 0, ContinuousClock.now < deadline {
            act(&steps, on: outcome.output + outcome.errors, searched: &searched, waiting: &waiting)
            if waiting.isEmpty, !steps.contains(where: \.needsInput), !isTerminal { closeInput() }
            var polls = [
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
                pollfd(fd: waiting.isEmpty ? -1 : input, events: Int16(POLLOUT), revents: 0),
            ]
            poll(&polls, 3, 1000)
            if polls[0].revents != 0, !take(output, into: &outcome.output) { closeOutput() }
            if polls[1].revents != 0, !take(errors, into: &outcome.errors) { closeErrors() }
            if polls[2].revents != 0 { feed(&waiting) }
        }
        outcome.stepsLeft = steps.count
        outcome.ending = ending(before: deadline)
        if !isTerminal { closeInput() }
        closeOutput()
        closeErrors()
        return outcome
    }

    private func act(
        _ steps: inout ArraySlice<FreshetProcess.Step>, on seen: [UInt8], searched: inout Int,
        waiting: inout ArraySlice<UInt8>
    ) {
        while let step = steps.first {
            if !step.text.isEmpty {
                guard let range = Data(seen[searched...]).range(of: Data(step.text.utf8)) else { return }
                searched += range.upperBound
            }
            if case .signalAgainAndAgain(let number) = step.action {
                kill(pid, number)
                // Its text was found, and need not come again.
                steps = [FreshetProcess.Step("", step.action)]
                return
            }
            steps.removeFirst()
            switch step.action {
            case .type(let text): waiting += Array(text.utf8)
            case .closeInput: closeInput()
            case .closeOutput: closeOutput()
            case .call(let body): body(pid, String(decoding: seen, as: UTF8.self))
            case .signal(let number), .signalAgainAndAgain(let number): kill(pid, number)
            }
        }
    }

    private func feed(_ waiting: inout ArraySlice<UInt8>) {
        let count = waiting.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
        if count > 0 { waiting = waiting.dropFirst(count) } else if errno != EAGAIN { waiting = [] }
    }

    private func take(_ descriptor: Int32, into bytes: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(descriptor, &buffer, buffer.count)
        bytes += buffer.prefix(max(0, count))
        return count > 0
    }

    private func ending(before deadline: ContinuousClock.Instant) -> FreshetProcess.Ending {
        var status: Int32 = 0
        while waitpid(pid, &status, WNOHANG) == 0 {
            guard ContinuousClock.now < deadline else {
                kill(pid, SIGKILL)
                waitpid(pid, &status, 0)
                return .hung
            }
            usleep(5000)
        }
        let signal = status & 0x7F
        return signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(bySignal: signal)
    }

    private func closeInput() { Self.finish(&input, unless: isTerminal ? output : -1) }
    private func closeOutput() { Self.finish(&output, unless: -1) }
    private func closeErrors() { Self.finish(&errors, unless: -1) }

    private static func finish(_ descriptor: inout Int32, unless kept: Int32) {
        if descriptor >= 0, descriptor != kept { close(descriptor) }
        descriptor = -1
    }
}
