internal import Foundation
internal import Glibc

/// Threads of our own, for work that blocks: Swift's cooperative pool must never wait.
package enum DedicatedThread {
    /// Starts a thread that runs `body`, and forgets it.
    ///
    /// - Parameter stackSize: bytes. llama.cpp's tokenizers recurse as deep as a text makes them. Pages that are never
    ///   reached cost nothing.
    /// - Throws: ``GenerationError`` with code `outOfMemory` when the system gives no thread. Foundation's `Thread`
    ///   would say nothing, and whoever waits for its work would wait for ever.
    package static func start(
        named name: StaticString, stackSize: Int = 64 << 20, _ body: @escaping @Sendable () -> Void
    ) throws(GenerationError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackSize)
        let work = Unmanaged.passRetained(Work(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { context in
                // The pointer is the retained reference that was passed below.
                guard let context else { return nil }
                let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
                Thread.current.name = work.name.description
                work.body()
                return nil
            }, work.toOpaque())
        guard status != 0 else { return }
        work.release()
        throw GenerationError(.outOfMemory, "There is not enough memory, or a limit on it, to start a thread.")
    }

    /// Runs `body` on a thread of its own and waits, suspended, for what it gives.
    ///
    /// - Throws: what `body` throws, and what ``start(named:_:)`` does.
    package static func value<Value: Sendable>(
        named name: StaticString, stackSize: Int = 64 << 20,
        _ body: @escaping @Sendable () throws(GenerationError) -> Value
    ) async throws(GenerationError) -> Value {
        let result: Result<Value, GenerationError> = await withCheckedContinuation { continuation in
            do throws(GenerationError) {
                try start(named: name, stackSize: stackSize) {
                    do throws(GenerationError) {
                        continuation.resume(returning: .success(try body()))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// What a new thread is given.
    private final class Work: Sendable {
        let name: StaticString
        let body: @Sendable () -> Void

        init(name: StaticString, body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }
    }
}
