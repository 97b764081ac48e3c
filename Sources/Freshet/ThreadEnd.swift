/// The end of a thread, for which others can wait without blocking.
package final class ThreadEnd: @unchecked Sendable {
    // Sendable: both stored variables are read and written under `monitor` only.
    private let monitor = Monitor()
    private var isReached = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Makes the end of a thread that has yet to come.
    package init() {}

    /// Says that the thread has done its work.
    package func signal() {
        let continuations = monitor.withLock {
            isReached = true
            defer { waiting = [] }
            return waiting
        }
        continuations.forEach { $0.resume() }
    }

    /// Returns once the thread has done its work.
    package func wait() async {
        await withCheckedContinuation { continuation in
            let isReached = monitor.withLock {
                if !self.isReached { waiting.append(continuation) }
                return self.isReached
            }
            if isReached { continuation.resume() }
        }
    }
}
