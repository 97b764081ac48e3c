internal import CCurl
package import Freshet
internal import Foundation

/// Makes HTTP requests: libcurl's multi interface, on one thread of its own.
///
/// libcurl's rule is that its handles are used from one thread at a time. The transport keeps it by confinement: they
/// are made, used and freed on its thread, and everything else talks to the thread through a bounded queue.
///
/// HTTP/1.1, and HTTP/2 over TLS. Connections are used again, each for one exchange at a time: on a connection that
/// several share, one that pauses would hold up the others. Proxies are those of the environment, but for this machine
/// itself. A redirect is never followed, because a key would go with it.
///
/// Dropping the last reference shuts the transport down; exchanges do not hold it.
package final class HTTPTransport: Sendable {
    private let queue: TransportQueue
    private let ended: ThreadEnd

    /// Starts a transport.
    ///
    /// - Parameters:
    ///   - environment: where `SSL_CERT_FILE` and `SSL_CERT_DIR` are looked up. libcurl itself reads the proxies'
    ///     variables.
    ///   - capacity: the most exchanges at a time.
    /// - Throws: ``GenerationError`` with code `outOfMemory` when the system gives no thread, or libcurl cannot start.
    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment, capacity: Int = 1024
    ) throws(GenerationError) {
        guard Self.isCurlReady, let multi = CurlMulti() else {
            throw GenerationError(.outOfMemory, "libcurl could not be started.")
        }
        let queue = TransportQueue(multi: multi, capacity: capacity)
        let ended = ThreadEnd()
        let roots = TrustedRoots(environment: environment)
        try DedicatedThread.start(named: "freshet-http") {
            TransportLoop(multi: multi, queue: queue, roots: roots).run()
            queue.detach()
            ended.signal()
        }
        self.queue = queue
        self.ended = ended
    }

    deinit { queue.close() }

    /// Starts an exchange.
    ///
    /// - Parameters:
    ///   - request: what to send; it is checked before anything else happens.
    ///   - receiver: gets the answer, and is held until it has ended.
    /// - Throws: ``GenerationError`` with code `invalidRequest`, `overloaded` when too many exchanges run, or
    ///   `shuttingDown`. The receiver is then not called.
    package func start(
        _ request: HTTPClientRequest, receiver: any HTTPResponseReceiver
    ) throws(GenerationError) -> HTTPExchange {
        let origin = try request.validate()
        return try queue.start(request, origin: origin, receiver: receiver)
    }

    /// Ends what runs, as failed with `shuttingDown`, and waits until the connections are closed.
    package func shutDown() async {
        queue.close()
        await ended.wait()
    }

    private static let isCurlReady = freshet_curl_start()
}
