internal import CMicroHTTPD
internal import Freshet
internal import Glibc

/// libmicrohttpd's daemon, and every callback of it: the one place that acts on its connections.
///
/// All callbacks run on the daemon's one thread, which never waits: a request's work is a Swift task, and the
/// connection is suspended meanwhile. Memory is handed through C in two places: a connection's `socket_context` owns an
/// ``HTTPConnection`` from the notice that it began to the notice that it is closed, and a request's context owns an
/// ``Exchange`` from its header to its completion.
final class HTTPDaemon: @unchecked Sendable {
    // Sendable: `daemon` is set before it is shared, `bodyBytes` is libmicrohttpd's thread's, and the other two
    // variables are used under the monitor.
    private var daemon: OpaquePointer?
    private let monitor = Monitor()
    private var isDraining = false
    private var listener: Int32?
    /// Bytes of the bodies of all requests that are not over.
    private var bodyBytes = 0
    /// What a client may take.
    let limits: HTTPServerLimits
    private let errorResponse: @Sendable (HTTPRefusal) -> HTTPResponse
    private let handler: @Sendable (HTTPRequest) async -> HTTPResponse
    private let watcher: ConnectionWatcher
    /// Where it listens.
    let socket: ListeningSocket
    /// The requests whose tasks are running.
    let running = RunningCount()

    /// Starts to listen and to answer, until ``stop()``.
    ///
    /// - Throws: ``GenerationError`` when the address cannot be had, or the system gives no thread or descriptor.
    init(
        _ options: HTTPServerOptions, handler: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) throws(GenerationError) {
        limits = options.limits
        errorResponse = options.errorResponse
        self.handler = handler
        socket = try ListeningSocket(host: options.host, port: options.port)
        watcher = try ConnectionWatcher(options.limits)
        // One for libmicrohttpd, as it closes what it was given when it likes.
        let listener = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0)
        // libmicrohttpd calls back until `stop()`, which balances this.
        let context = Unmanaged.passRetained(self)
        var settings = HTTPCallbacks.settings(listener: listener, limits: limits, context: context.toOpaque())
        daemon = listener < 0 ? nil : freshet_http_start(&settings)
        guard daemon == nil else { return }
        context.release()
        let watcher = watcher
        Task { await watcher.stop() }
        throw GenerationError(
            .outOfMemory, "There is not enough memory, or a limit on threads or files, to start the server.")
    }

    // MARK: the server

    /// Takes no more connections and requests; those that run go on.
    func drain() {
        let listener = MHD_quiesce_daemon(daemon)
        monitor.withLock {
            isDraining = true
            self.listener = listener
        }
        socket.refuse()
        for connection in watcher.all where connection.isIdle { connection.cut(.shuttingDown) }
    }

    /// Cancels every running request's task; it can still write.
    func cancelTasks() { watcher.all.forEach { $0.cancelTask() } }

    /// Cuts what still runs, ends libmicrohttpd's thread and waits for its end, which takes a moment but blocks. To be
    /// called once, after ``drain()``.
    func stop() {
        // No connection may be suspended when the daemon is stopped. One that was cut is not, and never is again; and
        // no new one is let through from here on.
        watcher.refuseMore()
        watcher.all.forEach { $0.cut(.shuttingDown) }
        MHD_stop_daemon(daemon)
        if let listener = monitor.withLock({ listener }) { close(listener) }
        Unmanaged.passUnretained(self).release()
    }

    /// Ends the watcher's thread, after ``stop()``.
    func stopWatcher() async { await watcher.stop() }

    // MARK: callbacks

    /// A connection began. Answers with its context.
    func opened(_ handle: OpaquePointer) -> UnsafeMutableRawPointer {
        let descriptor = freshet_http_descriptor(handle)
        let peer = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { text in
            // The allocation has a base address, as it is not empty.
            freshet_http_peer(handle, text.baseAddress!, text.count) ? String(cString: text.baseAddress!) : ""
        }
        let connection = HTTPConnection(watcher: watcher, descriptor: descriptor, peer: peer, limits: limits)
        if !watcher.watch(connection, descriptor: descriptor) { connection.cut(.shuttingDown) }
        return Unmanaged.passRetained(connection).toOpaque()
    }

    /// A connection is about to be closed.
    func closed(_ context: UnsafeMutableRawPointer, descriptor: Int32) {
        let connection = Unmanaged<HTTPConnection>.fromOpaque(context).takeRetainedValue()
        watcher.forget(connection, descriptor: descriptor)
        connection.close()
    }

    /// A request's first line has come.
    func received(target: [UInt8], on connection: HTTPConnection) {
        connection.request.target = target
        connection.tick { $0.receivedLine(now: .now) }
    }

    /// A request's header has come, with which `exchange` begins. Answers whether the connection goes on.
    func received(_ head: RequestHead, for exchange: Exchange) -> Bool {
        let connection = exchange.connection
        connection.begin(exchange)
        do throws(HTTPRefusal) {
            guard !monitor.withLock({ isDraining }) else {
                throw HTTPRefusal(503, "The server is shutting down.", code: .shuttingDown)
            }
            let accepted = try head.accept(limits)
            var request = HTTPRequest(
                method: head.method, path: accepted.path, query: accepted.query, fields: head.fields.trimmed,
                peer: connection.peer)
            // What the client promises is not yet memory to be taken.
            if case .length(let count) = accepted.body { request.body.reserveCapacity(min(count, 64 << 10)) }
            connection.request.request = request
            connection.tick { $0.receivedHeader(now: .now) }
            return true
        } catch {
            connection.request.refusal = error
            // Answered before the body, libmicrohttpd reads none and closes the connection.
            return proceed(exchange)
        }
    }

    /// A piece of a request's body has come. Answers whether the connection goes on.
    func received(_ bytes: UnsafeRawBufferPointer, on connection: HTTPConnection) -> Bool {
        let before = connection.request.bodyBytes
        defer { bodyBytes += connection.request.bodyBytes - before }
        return connection.request.append(bytes, limits: limits, room: limits.receivedBytes - bodyBytes)
    }

    /// A request has come whole, or its connection was resumed. Answers whether it goes on.
    func proceed(_ exchange: Exchange) -> Bool {
        switch exchange.turn() {
        case .start:
            exchange.connection.tick { $0.waitForHandler() }
            start(exchange)
            return true
        case .park: return true
        case .respond:
            exchange.connection.tick { $0.send(now: .now) }
            return exchange.answer.map { respond($0, to: exchange) } ?? false
        case .close: return false
        }
    }

    /// libmicrohttpd wants more of a response's body. Answers with what its reader is to return.
    static func read(_ exchange: Exchange, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        switch exchange.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(16 << 10))) {
        case .bytes(let count):
            exchange.connection.tick { $0.send(now: .now) }
            return count
        case .park:
            exchange.connection.tick { $0.waitForHandler() }
            return 0
        case .end: return FRESHET_HTTP_END
        case .cut: return FRESHET_HTTP_END_WITH_ERROR
        }
    }

    /// libmicrohttpd is done with a request, of which `exchange` is `nil` when its header did not come whole.
    func completed(_ exchange: Exchange?, on connection: HTTPConnection, descriptor: Int32, wasSent: Bool) {
        // It was answered early, and will be closed with bytes unread.
        if exchange == nil || connection.request.refusal != nil { watcher.linger(on: descriptor) }
        bodyBytes -= connection.request.bodyBytes
        connection.request = IncomingRequest()
        connection.endExchange()
        exchange?.complete(wasSent: wasSent)
        if monitor.withLock({ isDraining }) { connection.cut(.shuttingDown) }
    }

    // MARK: answers

    private func start(_ exchange: Exchange) {
        let (connection, running) = (exchange.connection, running)
        running.begin()
        if var refusal = connection.request.refusal {
            refusal.peer = connection.peer
            let (errorResponse, refused) = (errorResponse, refusal)
            exchange.start({ errorResponse(refused) }, ended: { running.end() })
        } else if let request = connection.request.request {
            // The body is the task's; its bytes count until the exchange is over.
            connection.request.request = nil
            let handler = handler
            exchange.start({ await handler(request) }, ended: { running.end() })
        }
    }

    private func respond(_ response: HTTPResponse, to exchange: Exchange) -> Bool {
        var size = FRESHET_HTTP_SIZE_UNKNOWN
        if case .whole(let body) = response.body { size = UInt64(body.count) }
        guard (200...599).contains(response.status), let reply = HTTPCallbacks.response(size: size, exchange: exchange)
        else { return false }
        defer { MHD_destroy_response(reply) }
        if case .stream = response.body, exchange.isHead { freshet_http_forgo_chunks(reply) }
        for field in response.fields.all { MHD_add_response_header(reply, field.name, field.value) }
        if exchange.connection.request.refusal != nil || monitor.withLock({ isDraining }) {
            MHD_add_response_header(reply, "Connection", "close")
        }
        return MHD_queue_response(exchange.handle, UInt32(response.status), reply) == .YES
    }
}
