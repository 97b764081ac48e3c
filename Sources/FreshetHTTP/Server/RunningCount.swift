internal import Freshet

/// How many requests are being worked on, and a way to wait until none is.
final class RunningCount: @unchecked Sendable {
    // Sendable: the variables are used under the monitor only.
    private let monitor = Monitor()
    private var count = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// One more.
    func begin() { monitor.withLock { count += 1 } }

    /// One less.
    func end() {
        let isNone = monitor.withLock {
            count -= 1
            return count == 0
        }
        if isNone { wakeAll() }
    }

    /// Waits until none is running, at most for `limit`. Answers whether that is so.
    func waitForNone(atMost limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        let timer = Task {
            try? await Task.sleep(until: deadline, clock: .continuous)
            wakeAll()
        }
        defer { timer.cancel() }
        while true {
            let (isNone, isLate) = (monitor.withLock { count == 0 }, ContinuousClock.now >= deadline)
            if isNone || isLate { return isNone }
            await withCheckedContinuation { continuation in
                let isOver = monitor.withLock {
                    // Past the deadline nobody would wake it.
                    let isOver = count == 0 || ContinuousClock.now >= deadline
                    if !isOver { waiting.append(continuation) }
                    return isOver
                }
                if isOver { continuation.resume() }
            }
        }
    }

    private func wakeAll() {
        let continuations = monitor.withLock {
            defer { waiting = [] }
            return waiting
        }
        continuations.forEach { $0.resume() }
    }
}
