import Freshet

/// Writes lines to standard error on a thread of its own, so that whoever has something to tell never waits for a
/// terminal or a pipe that takes nothing.
final class LogWriter: @unchecked Sendable {
    // Sendable: what changes is read and written under `monitor`.
    private let errors: Output
    private let capacity: Int
    private let monitor = Monitor()
    private let ended = ThreadEnd()
    private var lines: [String] = []
    private var dropped = 0
    private var isClosed = false

    /// Starts a writer in which at most `capacity` lines wait. Further ones are dropped, and counted in a line of their
    /// own.
    ///
    /// - Throws: `GenerationError` when the system gives no thread.
    init(to errors: Output, capacity: Int = 4096) throws(GenerationError) {
        self.errors = errors
        self.capacity = capacity
        try DedicatedThread.start(named: "freshet-log") { self.run() }
    }

    /// Adds a line, without its line end.
    func write(_ line: String) {
        monitor.withLock {
            if lines.count < capacity { lines.append(line) } else { dropped += 1 }
            monitor.signal()
        }
    }

    /// Ends the writer and returns when every line is written.
    func close() async {
        monitor.withLock {
            isClosed = true
            monitor.signal()
        }
        await ended.wait()
    }

    private func run() {
        while let batch = next() { try? errors.write(batch.map { $0 + "\n" }.joined()) }
        ended.signal()
    }

    /// The lines that wait; `nil` after the last.
    private func next() -> [String]? {
        monitor.withLock {
            while lines.isEmpty, !isClosed { monitor.wait() }
            guard !lines.isEmpty else { return nil }
            defer { (lines, dropped) = ([], 0) }
            return lines + (dropped > 0 ? ["\(dropped) lines of the log were dropped, because nobody took them"] : [])
        }
    }
}
