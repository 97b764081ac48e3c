import Freshet

/// A running workload, as the tasks of its requests share it: its state, and those that wait for it to change.
final class WorkloadRun: @unchecked Sendable {
    // Sendable: what changes is read and written under `monitor` only.
    private let monitor = Monitor()
    private var state: WorkloadState
    private var waiting: [(place: Int, continuation: CheckedContinuation<Void, Never>)] = []

    /// A workload of which nothing was sent.
    init(_ workload: Workload) { state = WorkloadState(workload) }

    /// What has happened so far.
    var timelines: [Timeline] { monitor.withLock { state.timelines } }

    /// Notes what has happened, and lets those go on whose time has come.
    ///
    /// - Returns: what `change` does.
    @discardableResult
    func note<Value>(_ change: (inout WorkloadState) -> Value) -> Value {
        let (value, ready) = monitor.withLock {
            let value = change(&state)
            let ready = waiting.filter { state.maySend($0.place) }.map(\.continuation)
            if !ready.isEmpty { waiting.removeAll { state.maySend($0.place) } }
            return (value, ready)
        }
        ready.forEach { $0.resume() }
        return value
    }

    /// Returns when a request may be sent, or at once when the task is cancelled.
    func waitToSend(_ place: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = monitor.withLock {
                    if Task.isCancelled || state.maySend(place) { return true }
                    waiting.append((place, continuation))
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let cancelled = monitor.withLock {
                defer { waiting.removeAll { $0.place == place } }
                return waiting.filter { $0.place == place }
            }
            cancelled.forEach { $0.continuation.resume() }
        }
    }
}
