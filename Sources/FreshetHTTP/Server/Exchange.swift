internal import CMicroHTTPD
internal import Freshet

/// One request and its response: where libmicrohttpd's thread, the request's task and the watcher meet.
///
/// libmicrohttpd's connection is touched in two places only: on its own thread, during a callback; and to resume it,
/// under the monitor, while ``ExchangeState/isParked`` said so. It cannot be freed meanwhile: libmicrohttpd closes no
/// connection that is suspended, and tells ``complete(wasSent:)`` before it closes one that is not.
final class Exchange: @unchecked Sendable {
    // Sendable: `state`, `task`, `response` and the waiting continuations are used under the monitor only. The pointer
    // never changes; the comment above says who uses what it points to.
    private let monitor = Monitor()
    /// libmicrohttpd's connection.
    let handle: OpaquePointer
    /// The connection that it is on, which lets go of it at its end.
    let connection: HTTPConnection
    /// Whether the request's method is HEAD, whose answer has no body.
    let isHead: Bool
    private var state: ExchangeState
    private var task: Task<Void, Never>?
    private var response: HTTPResponse?
    private var writers: [CheckedContinuation<Void, Never>] = []
    private var watchers: [CheckedContinuation<Void, Never>] = []

    /// The exchange of a request that libmicrohttpd's `handle` is about to read.
    init(handle: OpaquePointer, connection: HTTPConnection, isHead: Bool, capacity: Int) {
        self.handle = handle
        self.connection = connection
        self.isHead = isHead
        state = ExchangeState(capacity: capacity)
    }

    // MARK: libmicrohttpd's thread

    /// What to do with a request that has been read. *Start* and *park* have suspended the connection.
    func turn() -> ExchangeState.Turn {
        monitor.withLock {
            let turn = state.turn()
            if state.isParked { MHD_suspend_connection(handle) }
            return turn
        }
    }

    /// The handler's answer, once there is one.
    var answer: HTTPResponse? { monitor.withLock { response } }

    /// Copies what is there of the body. *Park* has suspended the connection.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> ExchangeState.Portion {
        let (portion, woken) = monitor.withLock {
            let (portion, hasRoom) = state.read(into: buffer)
            if portion == .park { MHD_suspend_connection(handle) }
            return (portion, hasRoom ? takeWriters() : [])
        }
        woken.forEach { $0.resume() }
        return portion
    }

    /// libmicrohttpd is done with it, and will not be touched from here again.
    func complete(wasSent: Bool) {
        let (outcome, task, woken) = monitor.withLock {
            let outcome = state.complete(wasSent: wasSent)
            defer { watchers = [] }
            return (outcome, self.task, takeWriters() + watchers)
        }
        if outcome != .sent { task?.cancel() }
        woken.forEach { $0.resume() }
    }

    // MARK: the request's task

    /// Starts the request's task, which answers with what `respond` gives; `ended` is told when it is over.
    func start(_ respond: @escaping @Sendable () async -> HTTPResponse, ended: @escaping @Sendable () -> Void) {
        let task = Task {
            let response = await respond()
            answer(response)
            if case .stream(let produce) = response.body {
                do {
                    try await produce(HTTPBodyWriter(exchange: self))
                    finish(properly: true)
                } catch {
                    finish(properly: false)
                }
            }
            let outcome = await outcome()
            forgetTask()
            response.onEnd?(outcome)
            ended()
        }
        let isClosed = monitor.withLock {
            self.task = task
            return state.isClosed
        }
        if isClosed { task.cancel() }
    }

    /// Whether nothing that is written can reach the client any more.
    var isClosed: Bool { monitor.withLock { state.isClosed } }

    /// See ``HTTPBodyWriter/write(_:)``.
    func write(_ bytes: [UInt8]) async throws(GenerationError) {
        while true {
            let acceptance = monitor.withLock {
                let (acceptance, resume) = state.write(bytes)
                if resume { MHD_resume_connection(handle) }
                return acceptance
            }
            switch acceptance {
            case .taken: return
            case .closed: throw GenerationError(.cancelled, "The client has left.")
            case .full where Task.isCancelled:
                throw GenerationError(.cancelled, "The request was cancelled while its client was slow to read.")
            case .full: await waitForRoom()
            }
        }
    }

    private func waitForRoom() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = monitor.withLock {
                    // Asked again under the lock: room, the end or the cancellation may have come meanwhile.
                    let isOver = !state.isFull || Task.isCancelled
                    if !isOver { writers.append(continuation) }
                    return isOver
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            monitor.withLock { takeWriters() }.forEach { $0.resume() }
        }
    }

    private func answer(_ response: HTTPResponse) {
        monitor.withLock {
            self.response = response
            var whole: [UInt8]?
            if case .whole(let body) = response.body { whole = body }
            if state.answer(whole: whole) { MHD_resume_connection(handle) }
        }
    }

    private func finish(properly: Bool) {
        let woken = monitor.withLock {
            if state.finish(properly: properly) { MHD_resume_connection(handle) }
            return takeWriters()
        }
        woken.forEach { $0.resume() }
    }

    private func outcome() async -> HTTPOutcome {
        while true {
            if case .ended(let outcome) = monitor.withLock({ state.phase }) { return outcome }
            await withCheckedContinuation { continuation in
                let isOver = monitor.withLock {
                    if case .ended = state.phase { return true }
                    watchers.append(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        }
    }

    private func forgetTask() {
        monitor.withLock {
            task = nil
            response = nil
        }
    }

    // MARK: anyone

    /// Ends the exchange: the task is cancelled at once, and libmicrohttpd closes the connection.
    func cut(_ reason: HTTPCut) {
        var task: Task<Void, Never>?
        let woken = monitor.withLock {
            guard !state.isClosed else { return [CheckedContinuation<Void, Never>]() }
            if state.cut(reason) { MHD_resume_connection(handle) }
            task = self.task
            return takeWriters()
        }
        task?.cancel()
        woken.forEach { $0.resume() }
    }

    /// Cancels the task and nothing else: it can still write.
    func cancelTask() { monitor.withLock { task }?.cancel() }

    /// The writers that wait, to be resumed outside the monitor. To be called under it.
    private func takeWriters() -> [CheckedContinuation<Void, Never>] {
        defer { writers = [] }
        return writers
    }
}
