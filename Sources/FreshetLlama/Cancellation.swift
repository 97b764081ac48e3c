internal import Freshet
internal import Synchronization

/// A flag that a cancelled task raises, and a thread that works for it sees.
final class Cancellation: Sendable {
    private let flag = Atomic(false)

    /// Whether the task was cancelled.
    var isRequested: Bool { flag.load(ordering: .relaxed) }

    /// Raises the flag.
    func request() { flag.store(true, ordering: .relaxed) }
}

extension DedicatedThread {
    /// Runs `body` on a thread of its own and waits, suspended, for what it gives. `body` is told when the task is
    /// cancelled meanwhile, and is waited for all the same.
    ///
    /// - Throws: what `body` throws, and what ``start(named:_:)`` does.
    static func cancellableValue<Value: Sendable>(
        named name: StaticString, stackSize: Int = 64 << 20,
        _ body: @escaping @Sendable (Cancellation) throws(GenerationError) -> Value
    ) async throws(GenerationError) -> Value {
        let cancellation = Cancellation()
        // Within the handler only untyped errors can be thrown.
        let result: Result<Value, GenerationError> = await withTaskCancellationHandler {
            do throws(GenerationError) {
                return .success(
                    try await value(named: name, stackSize: stackSize) { () throws(GenerationError) in
                        try body(cancellation)
                    })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            cancellation.request()
        }
        return try result.get()
    }
}
