import Freshet

/// Runs the program's tasks on the main thread, which may block.
///
/// A task that writes to a full pipe, or waits for a key, must not hold a thread of Swift's pool, of which there are as
/// many as cores. With this executor preferred, every asynchronous function of the program that is bound to no other
/// actor runs on the main thread. The engine computes on its own thread meanwhile and stops when its stream is full, so
/// a reader that does not read pauses the whole.
final class Foreground: TaskExecutor, @unchecked Sendable {
    // Sendable: `jobs` is read and written under `monitor` only.
    private let monitor = Monitor()
    private var jobs: [UnownedJob] = []

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        monitor.withLock {
            jobs.append(job)
            monitor.signal()
        }
    }

    /// Starts a task and serves it for ever; the task ends the process.
    func run(_ body: @escaping @Sendable () async -> Never) -> Never {
        Task(executorPreference: self) { await body() }
        while true {
            let ready = monitor.withLock {
                while jobs.isEmpty { monitor.wait() }
                defer { jobs = [] }
                return jobs
            }
            for job in ready { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }
}
