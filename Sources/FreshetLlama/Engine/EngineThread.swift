internal import Foundation
internal import Freshet

/// Threads of our own, for work that blocks: Swift's cooperative pool must never wait.
enum EngineThread {
    /// Starts a thread that runs `body`, and forgets it.
    static func start(named name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        // llama.cpp's tokenizers and templates recurse as deep as a text makes them; Foundation's default is half a
        // megabyte. Pages that are never reached cost nothing.
        thread.stackSize = 64 << 20
        thread.start()
    }

    /// Runs `body` on a thread of its own and waits, suspended, for what it gives.
    static func value<Value: Sendable>(
        named name: String, _ body: @escaping @Sendable () throws(GenerationError) -> Value
    ) async throws(GenerationError) -> Value {
        let result: Result<Value, GenerationError> = await withCheckedContinuation { continuation in
            start(named: name) {
                do throws(GenerationError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
