package import Freshet

/// An HTTP/1.1 server over libmicrohttpd: it knows HTTP and nothing of what is served.
///
/// ```swift
/// let server = try HTTPServer.start(options) { request in
///     HTTPResponse(fields: ["Content-Type": "text/plain"], body: .whole(Array("Hello, \(request.peer)!".utf8)))
/// }
/// …
/// await server.shutDown(within: .seconds(10))
/// ```
///
/// Each request is handled in a task of its own. When its client leaves, that task is cancelled within a millisecond or
/// so, before or during the answer; a half-closed connection counts as left. Requests on one connection are handled one
/// after the other. What a client may take is bounded by ``HTTPServerLimits``.
///
/// Dropping the server without ``shutDown(within:)`` cuts everything off.
package final class HTTPServer: Sendable {
    private let daemon: HTTPDaemon
    private let isShutDown = Once()
    private let ended = ThreadEnd()

    /// Starts to listen.
    ///
    /// - Throws: ``GenerationError`` with a sentence when the address or port cannot be had, or the system lacks
    ///   threads, memory or descriptors.
    package static func start(
        _ options: HTTPServerOptions, handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) throws(GenerationError) -> HTTPServer {
        HTTPServer(try HTTPDaemon(options, handler: handler))
    }

    private init(_ daemon: HTTPDaemon) { self.daemon = daemon }

    deinit {
        let daemon = daemon
        guard isShutDown.isFirst() else { return }
        Task { await Self.stop(daemon) }
    }

    /// The address that it listens on, as digits.
    package var address: String { daemon.socket.address }

    /// The port that it listens on.
    package var port: UInt16 { daemon.socket.port }

    /// Stops.
    ///
    /// New connections and requests are refused at once, and idle connections closed. Running requests have `limit` to
    /// end; then their tasks are cancelled, and after ``HTTPServerLimits/lastWordsTime`` more their connections are
    /// cut. Returns when the server's threads have ended; a handler that does not heed its cancellation may still run.
    /// May be called again, and then waits for the first call.
    package func shutDown(within limit: Duration) async {
        guard isShutDown.isFirst() else { return await ended.wait() }
        daemon.drain()
        if await !daemon.running.waitForNone(atMost: limit) {
            daemon.cancelTasks()
            _ = await daemon.running.waitForNone(atMost: daemon.limits.lastWordsTime)
        }
        await Self.stop(daemon)
        // Those that were cut hear of it.
        _ = await daemon.running.waitForNone(atMost: daemon.limits.lastWordsTime)
        ended.signal()
    }

    private static func stop(_ daemon: HTTPDaemon) async {
        daemon.drain()
        do throws(GenerationError) {
            try await DedicatedThread.value(named: "freshet-stop") { daemon.stop() }
        } catch {
            // No thread to be had: it takes a moment only.
            daemon.stop()
        }
        await daemon.stopWatcher()
    }
}

/// Something that happens once.
private final class Once: @unchecked Sendable {
    // Sendable: the variable is used under the monitor only.
    private let monitor = Monitor()
    private var hasHappened = false

    /// Whether this is the first time.
    func isFirst() -> Bool {
        monitor.withLock {
            defer { hasHappened = true }
            return !hasHappened
        }
    }
}
