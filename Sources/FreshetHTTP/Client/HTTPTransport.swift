internal import CCurl
package import Freshet
internal import Foundation

/// Makes HTTP requests: libcurl's multi interface, on one thread of its own.
///
/// libcurl's rule is that its handles are used from one thread at a time. The transport keeps it by confinement: they are
/// made, used and freed on its thread, and everything else talks to the thread through a bounded queue.
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
    ///   - environment: where `SSL_CERT_FILE` and `SSL_CERT_DIR` are looked up. libcurl itself reads the proxies' variables.
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

/// One request and its answer, for whoever started it. Dropping it changes nothing.
package final class HTTPExchange: Sendable {
    private let queue: TransportQueue
    /// Its number within the transport.
    let id: UInt64

    init(queue: TransportQueue, id: UInt64) { (self.queue, self.id) = (queue, id) }

    /// Lets a paused answer go on. Any thread may call it, at any time; without a pause it changes nothing.
    package func resume() { queue.resume(id) }

    /// Ends the exchange as cancelled, if it has not ended: the connection is closed at once. Any thread may call it, at
    /// any time. What was on its way may still reach the receiver before its `finish`.
    package func cancel() { queue.cancel(id) }
}

/// Gets an answer. Every call is made on the transport's thread, in order, and must not block.
package protocol HTTPResponseReceiver: AnyObject, Sendable {
    /// The head of an answer with a status of 200 to 299 has come, of the exchange that ``HTTPTransport`` started.
    func receive(_ head: HTTPResponseHead, of exchange: HTTPExchange) -> HTTPVerdict

    /// A piece of such an answer's body has come. The bytes are valid during the call, and they count as taken whatever
    /// is returned.
    func receive(_ bytes: UnsafeRawBufferPointer) -> HTTPVerdict

    /// The exchange is over. Called once, as the last call; it may come during a pause, when nothing more was to come.
    func finish(_ end: HTTPExchangeEnd)
}

/// What a receiver wants next.
package enum HTTPVerdict: Sendable {
    /// More.
    case goOn
    /// No more until ``HTTPExchange/resume()``. The connection is not read meanwhile, which holds the server up.
    case pause
    /// No more at all: the exchange ends as cancelled.
    case stop
}

/// How an exchange ended.
package enum HTTPExchangeEnd: Sendable {
    /// The whole answer, of a status of 200 to 299, was received.
    case finished
    /// The server answered with another status; the body is cut at 64 KiB, or where the connection broke off.
    case refused(HTTPResponseHead, body: [UInt8])
    /// There was no answer, or not all of it. No header, no query and no password is in the error.
    case failed(GenerationError)
}
