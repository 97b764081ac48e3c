/// Calls a closure again and again, until it is dropped.
final class Pacemaker: Sendable {
    private let task: Task<Void, Never>

    /// Calls `beat` after each `interval`, from a task of its own.
    init(every interval: Duration, _ beat: @escaping @Sendable () -> Void) {
        task = Task {
            while (try? await Task.sleep(for: interval)) != nil { beat() }
        }
    }

    deinit { task.cancel() }
}
