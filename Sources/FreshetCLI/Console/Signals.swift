import CTerminal
import Freshet
import Glibc

/// The signals that ask the program, or the answer it is giving, to stop.
///
/// A handler in C only writes the signal's number into a pipe; a thread reads it there and does three things: it
/// remembers the signal, it makes ``wake`` readable, so that a wait for input or output ends, and it calls what
/// ``stopping(with:during:)`` was given. A program that does not end within a second, or the time that it asked for, or
/// that gets a second signal, is ended; so is one that spares itself at an interrupt, but has not dealt with the last
/// when the next one comes.
final class Signals: @unchecked Sendable {
    // Sendable: the descriptors and the terminal's modes are set in init; the rest is read and written under `monitor`.

    /// Readable while a signal is pending. Never read it; ``clearInterrupt()`` does.
    let wake: Int32
    private let wakeWriter: Int32
    private let modes: termios?
    private let monitor = Monitor()
    private var pending: Int32?
    private var stop: (@Sendable () -> Void)?
    private var interruptSparesProgram = false
    private var patience = Duration.seconds(1)

    /// Takes note of the terminal's modes; signals act as ever until ``watch()``.
    init() {
        (wake, wakeWriter) = Self.makePipe()
        _ = fcntl(wake, F_SETFL, O_NONBLOCK)
        var modes = termios()
        self.modes = tcgetattr(STDIN_FILENO, &modes) == 0 ? modes : nil
    }

    deinit {
        close(wake)
        close(wakeWriter)
    }

    /// Takes over the signals. Call it once; the object then lives as long as the process.
    func watch() {
        // A reader that goes away is an error of write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        // Swift's runtime takes Ctrl-\ for a crash to be examined; a person who presses it wants the program to end.
        signal(SIGQUIT, SIG_DFL)
        let (reader, writer) = Self.makePipe()
        // Without a pipe, or a thread that reads it, signals act as ever.
        guard reader >= 0 else { return }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Watch(signals: self, reader: reader)).toOpaque()
        let started = pthread_create(
            &thread, nil,
            { context in
                // The pointer is the retained reference that was passed below.
                guard let context else { return nil }
                let watch = Unmanaged<Watch>.fromOpaque(context).takeRetainedValue()
                watch.signals.takeSignals(from: watch.reader)
            }, context)
        guard started == 0 else { return }
        pthread_detach(thread)
        for number in [SIGINT, SIGTERM, SIGHUP] { freshet_forward_signal(number, writer) }
    }

    /// What the thread is given.
    private final class Watch {
        let signals: Signals
        let reader: Int32

        init(signals: Signals, reader: Int32) { (self.signals, self.reader) = (signals, reader) }
    }

    /// A pipe whose writing end does not block. Without descriptors left both are -1, and what waits for them only does
    /// not wake.
    private static func makePipe() -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return (-1, -1) }
        _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
        return (ends[0], ends[1])
    }

    private func takeSignals(from reader: Int32) -> Never {
        while true {
            var byte: UInt8 = 0
            guard read(reader, &byte, 1) == 1 else { continue }
            guard receive(Int32(byte)) else { continue }
            var next = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
            poll(&next, 1, Int32(clamping: Int64(monitor.withLock { patience } / .milliseconds(1))))
            // An interrupt may have been dealt with meanwhile.
            if let signal = received { end(Self.status(for: signal)) }
        }
    }

    /// Does what a signal asks for.
    ///
    /// - Returns: whether the program is to end. An interrupt that finds another one pending ends it: what runs does
    ///   not listen, as the rendering of an endless chat template does not.
    func receive(_ number: Int32) -> Bool {
        let (stop, endsProgram) = monitor.withLock {
            let endsProgram = number != SIGINT || !interruptSparesProgram || pending != nil
            // An interrupt must not hide a signal that ends the program.
            if pending == nil || pending == SIGINT { pending = number }
            // Under the monitor, so that `wake` is readable just when a signal is pending; the pipe does not block.
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(wakeWriter, &byte, 1)
            return (self.stop, endsProgram)
        }
        stop?()
        return endsProgram
    }

    /// The signal that has come and was not cleared.
    var received: Int32? { monitor.withLock { pending } }

    /// Forgets an interrupt that was dealt with. A signal that ends the program stays.
    func clearInterrupt() {
        monitor.withLock {
            guard pending == SIGINT else { return }
            pending = nil
            var bytes = [UInt8](repeating: 0, count: 64)
            while read(wake, &bytes, bytes.count) > 0 {}
        }
    }

    /// From now on Ctrl-C stops what is being done and not the program.
    func spareProgram() { monitor.withLock { interruptSparesProgram = true } }

    /// Gives the program more time than a second between the first signal and its end.
    func grantTime(_ patience: Duration) { monitor.withLock { self.patience = patience } }

    /// Calls `stop` when a signal comes while `body` runs, or at once when one is pending. `stop` may be called from
    /// another thread, and more than once.
    func stopping<Result>(
        with stop: @escaping @Sendable () -> Void, during body: () async throws -> Result
    ) async rethrows -> Result {
        let isPending = monitor.withLock {
            self.stop = stop
            return pending != nil
        }
        defer { monitor.withLock { self.stop = nil } }
        if isPending { stop() }
        return try await body()
    }

    /// Starts to answer a request. A signal stops that too: a server may take long to begin.
    func stream(_ request: GenerationRequest, from provider: any Provider) async throws -> ChunkStream {
        try await cancelling { () throws(GenerationError) in try await provider.stream(request) }
    }

    /// Does work in a task that a signal cancels.
    func cancelling<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(GenerationError) -> Value
    ) async throws -> Value {
        let task = Task { () throws(GenerationError) in try await work() }
        return try await stopping(with: { task.cancel() }) { try await task.value }
    }

    /// The exit status of a program that a signal ended, as a shell would give it.
    static func status(for number: Int32) -> Int32 { 128 + number }

    /// Ends the process at once, with the terminal as it was found. Nothing is left unwritten, since nothing is
    /// buffered; other threads are not waited for, and C++'s global destructors, which they may still need, do not run.
    func end(_ status: Int32) -> Never {
        if var modes {
            // A background job that sets the terminal's modes would be stopped.
            if tcgetpgrp(STDIN_FILENO) == getpgrp() { tcsetattr(STDIN_FILENO, TCSADRAIN, &modes) }
        }
        _exit(status)
    }
}
