internal import CCurl
internal import Freshet

/// One exchange on the transport's thread: the owner of libcurl's handle for it.
final class Transfer {
    /// libcurl's handle. Its options are set in init; it must have been taken out of every `CurlMulti` before deinit.
    let handle: UnsafeMutableRawPointer
    /// Gets the answer.
    let receiver: any HTTPResponseReceiver
    /// Which deadline is next.
    private(set) var timer: DeadlineTimer

    /// The most bytes that are kept of the body of a refusal.
    static let maxRefusalLength = 64 << 10

    private let exchange: HTTPExchange
    private let origin: HTTPOrigin
    /// Sent headers, and room for libcurl's words about a failure; both must outlive the handle's use.
    private var headers: UnsafeMutablePointer<curl_slist>?
    private let words: UnsafeMutablePointer<CChar>

    private var headReader = HTTPHeadReader()
    private var head: HTTPResponseHead?
    private var refusal: [UInt8] = []
    /// Why we end the transfer ourselves, from within a callback.
    private var failure: GenerationError?
    /// The receiver wants no more for now.
    private var isPaused = false
    /// libcurl keeps bytes that we did not take during the pause.
    private var isHolding = false

    /// A transfer that is ready to go; `nil` when there is no memory for it.
    init?(_ start: TransportQueue.Start, roots: TrustedRoots) {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        exchange = start.exchange
        origin = start.origin
        receiver = start.receiver
        timer = DeadlineTimer(start.request.deadlines, startedAt: start.at)
        words = .allocate(capacity: Int(CURL_ERROR_SIZE))
        words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        if !prepare(start.request, roots) { return nil }
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
        words.deallocate()
    }

    private func prepare(_ request: HTTPClientRequest, _ roots: TrustedRoots) -> Bool {
        // An empty `Expect` keeps libcurl from waiting for a server's leave to send a large body.
        for line in ["Expect:"]
            + request.headers.all.map({ $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" })
        {
            guard let longer = curl_slist_append(headers, line) else { return false }
            headers = longer
        }
        var texts: [(CURLoption, String?)] =
            [(CURLOPT_URL, request.url), (CURLOPT_PROTOCOLS_STR, "http,https"), (CURLOPT_USERAGENT, "Freshet")]
            + roots.options
        if origin.isLoopback { texts.append((CURLOPT_PROXY, "")) }
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1),
            (CURLOPT_FOLLOWLOCATION, 0),
            (CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS)),
            // The head of a proxy's answer to CONNECT is not the answer's head.
            (CURLOPT_SUPPRESS_CONNECT_HEADERS, 1),
            // Deadlines are kept by DeadlineTimer; left alone, libcurl would give up after five minutes.
            (CURLOPT_CONNECTTIMEOUT_MS, Int(Int32.max)),
            // Cancelling does not wait for a name server: the thread that asks it is let go.
            (CURLOPT_QUICK_EXIT, 1),
            (CURLOPT_TCP_KEEPALIVE, 1),
        ]
        // The handle is held by this object, which outlives its use by libcurl.
        let context = Unmanaged.passUnretained(self).toOpaque()
        return texts.allSatisfy { freshet_curl_set_text(handle, $0.0, $0.1) == CURLE_OK }
            && numbers.allSatisfy { freshet_curl_set_long(handle, $0.0, $0.1) == CURLE_OK }
            && freshet_curl_keep_sockets_private(handle) == CURLE_OK
            && freshet_curl_set_headers(handle, headers) == CURLE_OK
            && freshet_curl_set_error_buffer(handle, words) == CURLE_OK
            && (request.method == .get
                || request.body.withUnsafeBytes { freshet_curl_set_body(handle, $0.baseAddress, $0.count) } == CURLE_OK)
            && freshet_curl_set_callbacks(
                handle, context, Callbacks.takeHeadLine, Callbacks.takeBody, Callbacks.connected) == CURLE_OK
    }
}

/// What libcurl calls, on the transport's thread; the context is the transfer.
private enum Callbacks {
    static let takeHeadLine: freshet_curl_take = { bytes, _, count, context in
        Transfer.of(context).takeHeadLine(UnsafeRawBufferPointer(start: bytes, count: count))
    }

    static let takeBody: freshet_curl_take = { bytes, _, count, context in
        Transfer.of(context).takeBody(UnsafeRawBufferPointer(start: bytes, count: count))
    }

    static let connected: freshet_curl_connected = { context, _, _, _, _ in
        Transfer.of(context).connect()
        return CURL_PREREQFUNC_OK
    }
}

extension Transfer {
    fileprivate static func of(_ context: UnsafeMutableRawPointer?) -> Transfer {
        // libcurl gives back what `prepare` set, which is never nil.
        Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
    }

    fileprivate func connect() { timer.connect() }

    fileprivate func takeHeadLine(_ line: UnsafeRawBufferPointer) -> Int {
        timer.receive(at: .now)
        do {
            guard let head = try headReader.append(line) else { return line.count }
            self.head = head
            guard head.isSuccess else { return line.count }
            return obey(receiver.receive(head, of: exchange)) ? line.count : 0
        } catch {
            failure = GenerationError(
                .badResponse, "The head of the answer of \(origin) is longer than \(HTTPHeadReader.maxLength) bytes.")
            return 0
        }
    }

    fileprivate func takeBody(_ bytes: UnsafeRawBufferPointer) -> Int {
        if isPaused {
            isHolding = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        timer.receive(at: .now)
        guard let head, head.isSuccess else {
            refusal += bytes.prefix(Self.maxRefusalLength - refusal.count)
            return refusal.count < Self.maxRefusalLength ? bytes.count : 0
        }
        let count = receiver.contentCount
        let verdict = receiver.receive(bytes)
        if receiver.contentCount != count { timer.receiveContent(at: .now) }
        return obey(verdict) ? bytes.count : 0
    }

    /// Does what the receiver wants next.
    ///
    /// - Returns: whether the transfer goes on, at once or later.
    private func obey(_ verdict: HTTPVerdict) -> Bool {
        switch verdict {
        case .goOn: return true
        case .pause:
            isPaused = true
            timer.pause()
            return true
        case .stop:
            failure = GenerationError(.cancelled, "The request was cancelled.")
            return false
        }
    }

    /// Lets a paused transfer go on; the receiver may be called before this returns.
    ///
    /// - Returns: a failure that ends the transfer.
    func resume(at now: ContinuousClock.Instant) -> CURLcode {
        guard isPaused else { return CURLE_OK }
        isPaused = false
        timer.resume(at: now)
        guard isHolding else { return CURLE_OK }
        isHolding = false
        return curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    /// What the end is that libcurl tells by a code.
    func end(_ code: CURLcode) -> HTTPExchangeEnd {
        if let failure { return .failed(failure) }
        if let answer = unsuccessfulAnswer { return answer }
        // libcurl calls it an end when the connection closes within the head.
        let code = code == CURLE_OK && head == nil ? CURLE_PARTIAL_FILE : code
        guard code != CURLE_OK else { return .finished }
        return .failed(
            GenerationError(
                code, origin: origin, hasBegun: head != nil, words: String(cString: words),
                systemError: Int32(truncatingIfNeeded: freshet_curl_get_long(handle, CURLINFO_OS_ERRNO)),
                proxyStatus: freshet_curl_get_long(handle, CURLINFO_HTTP_CONNECTCODE)))
    }

    /// What the end is when a deadline has passed. A status that says what is wrong tells more than a deadline.
    func endLate(_ kind: DeadlineTimer.Kind, _ limit: Duration) -> HTTPExchangeEnd {
        unsuccessfulAnswer ?? .failed(GenerationError(missed: kind, limit, origin: origin))
    }

    private var unsuccessfulAnswer: HTTPExchangeEnd? {
        guard let head, !head.isSuccess else { return nil }
        guard head.isRedirect else { return .refused(head, body: refusal) }
        return .failed(GenerationError(redirect: head, origin: origin))
    }
}

extension HTTPResponseHead {
    fileprivate var isSuccess: Bool { 200...299 ~= status }
    fileprivate var isRedirect: Bool { 300...399 ~= status }
}
