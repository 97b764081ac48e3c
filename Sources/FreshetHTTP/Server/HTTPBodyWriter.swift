package import Freshet

/// Where a stream's closure writes the body. For one task at a time.
package struct HTTPBodyWriter: Sendable {
    let exchange: Exchange

    /// Adds bytes to the body. They go out at once, in pieces of the server's choosing.
    ///
    /// While ``HTTPServerLimits/streamBytes`` or more wait for the client, this waits, suspended. Never more than that
    /// and one call's bytes are in memory.
    ///
    /// - Throws: ``GenerationError`` with code `cancelled` when the client has left or was cut off, or when the task
    ///   was cancelled and this would have to wait. A cancelled task can still write where there is room.
    package func write(_ bytes: [UInt8]) async throws(GenerationError) { try await exchange.write(bytes) }

    /// Whether nothing that is written can reach the client any more.
    package var isClosed: Bool { exchange.isClosed }
}
