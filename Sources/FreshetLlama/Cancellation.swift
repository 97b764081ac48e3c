internal import Synchronization

/// A flag that a cancelled task raises, and a thread that works for it sees.
final class Cancellation: Sendable {
    private let flag = Atomic(false)

    /// Whether the task was cancelled.
    var isRequested: Bool { flag.load(ordering: .relaxed) }

    /// Raises the flag.
    func request() { flag.store(true, ordering: .relaxed) }
}
