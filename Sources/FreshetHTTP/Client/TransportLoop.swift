internal import CCurl
internal import Freshet
internal import Glibc

/// The work of the transport's thread: it takes commands, lets libcurl read and write, and keeps the deadlines.
final class TransportLoop {
    private let multi: CurlMulti
    private let queue: TransportQueue
    private let roots: TrustedRoots
    private var transfers: [UInt64: Transfer] = [:]
    /// The same transfers by libcurl's handles.
    private var identities: [UnsafeMutableRawPointer: UInt64] = [:]

    init(multi: CurlMulti, queue: TransportQueue, roots: TrustedRoots) {
        self.multi = multi
        self.queue = queue
        self.roots = roots
    }

    /// Works until the queue is closed; then ends what runs.
    func run() {
        // Writing to a connection that the server has closed must not end the process.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        while true {
            let arrivals = queue.take()
            for start in arrivals.started { begin(start) }
            for id in arrivals.cancelled { end(id, .failed(GenerationError(.cancelled, "The request was cancelled."))) }
            if arrivals.isClosed { break }
            for id in arrivals.resumed { resume(id) }
            var running: Int32 = 0
            curl_multi_perform(multi.handle, &running)
            endFinished()
            let now = ContinuousClock.now
            endLate(at: now)
            wait(from: now)
        }
        for id in Array(transfers.keys) {
            end(id, .failed(GenerationError(.shuttingDown, "The HTTP client is shutting down.")))
        }
    }

    private func begin(_ start: TransportQueue.Start) {
        let id = start.exchange.id
        guard let transfer = Transfer(start, roots: roots),
            curl_multi_add_handle(multi.handle, transfer.handle) == CURLM_OK
        else {
            queue.end(id)
            start.receiver.finish(.failed(GenerationError(.outOfMemory, "There is not enough memory for a request.")))
            return
        }
        transfers[id] = transfer
        identities[transfer.handle] = id
    }

    private func resume(_ id: UInt64) {
        guard let transfer = transfers[id] else { return }
        let code = transfer.resume(at: .now)
        if code != CURLE_OK { end(id, transfer.end(code)) }
    }

    private func endFinished() {
        var code = CURLE_OK
        while let handle = freshet_curl_multi_next_ended(multi.handle, &code) {
            guard let id = identities[handle], let transfer = transfers[id] else { continue }
            end(id, transfer.end(code))
        }
    }

    private func endLate(at now: ContinuousClock.Instant) {
        for (id, transfer) in transfers {
            guard let next = transfer.timer.next, next.instant <= now else { continue }
            end(id, transfer.endLate(next.kind, next.limit))
        }
    }

    /// Takes a transfer out of libcurl's hands, which closes a connection in use, then says how it ended.
    private func end(_ id: UInt64, _ end: HTTPExchangeEnd) {
        guard let transfer = transfers.removeValue(forKey: id) else { return }
        identities[transfer.handle] = nil
        curl_multi_remove_handle(multi.handle, transfer.handle)
        queue.end(id)
        transfer.receiver.finish(end)
    }

    /// Waits for the network, a command, or the next deadline.
    private func wait(from now: ContinuousClock.Instant) {
        var limit = Duration.seconds(3600)
        for transfer in transfers.values {
            if let next = transfer.timer.next { limit = min(limit, next.instant - now) }
        }
        let (seconds, attoseconds) = max(limit, .zero).components
        // Rounded up: a wait that ends just before its deadline would begin again, at once and often.
        let milliseconds = Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
        // A failure would come again at once; nothing but a lack of memory or descriptors gives one.
        if curl_multi_poll(multi.handle, nil, 0, milliseconds, nil) != CURLM_OK { usleep(10_000) }
    }
}
