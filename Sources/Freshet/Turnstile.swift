/// Lets a bounded number of tasks at a time do what takes much memory, or a thread. Others wait, suspended, first come
/// first served.
package final class Turnstile: @unchecked Sendable {
    // Sendable: the variables are used under the monitor only.
    private let monitor = Monitor()
    private var freePlaces: Int
    private var waiting: [(id: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
    private var lastID: UInt64 = 0

    /// A turnstile behind which there is room for `places` tasks, at least one.
    package init(places: Int) { freePlaces = max(1, places) }

    /// Runs `body` as soon as there is a place for it.
    ///
    /// - Throws: what `body` throws, and ``GenerationError`` with code `cancelled` when the task is cancelled while it
    ///   waits.
    package func pass<Value: Sendable>(
        _ body: @Sendable () async throws(GenerationError) -> Value
    ) async throws(GenerationError) -> Value {
        guard await enter() else {
            throw GenerationError(.cancelled, "The request was cancelled while it waited for its turn to be read.")
        }
        defer { leave() }
        return try await body()
    }

    /// Waits for a place. Answers false, without one, when the task is cancelled.
    private func enter() async -> Bool {
        let id = monitor.withLock {
            lastID += 1
            return lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let hasEntered: Bool? = monitor.withLock {
                    if Task.isCancelled { return false }
                    if freePlaces > 0 {
                        freePlaces -= 1
                        return true
                    }
                    waiting.append((id, continuation))
                    return nil
                }
                if let hasEntered { continuation.resume(returning: hasEntered) }
            }
        } onCancel: {
            let continuation = monitor.withLock {
                waiting.firstIndex { $0.id == id }.map { waiting.remove(at: $0).continuation }
            }
            continuation?.resume(returning: false)
        }
    }

    /// Gives the place to who has waited longest.
    private func leave() {
        let next = monitor.withLock {
            if waiting.isEmpty { freePlaces += 1 }
            return waiting.isEmpty ? nil : waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }

    /// How many wait.
    package var waitingCount: Int { monitor.withLock { waiting.count } }
}
