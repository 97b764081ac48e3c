internal import CMicroHTTPD
internal import Freshet
internal import Glibc

/// Notices, on a thread of its own, what libmicrohttpd does not: that the client of a suspended connection has left,
/// and that a client takes too long.
///
/// It watches libmicrohttpd's own descriptors in an epoll of its own, from the notice that a connection began until the
/// notice that it is about to be closed. A half-closed connection counts as left: HTTP clients do not close their
/// sending half before they have the answer, and a client that has gone looks just the same.
final class ConnectionWatcher: @unchecked Sendable {
    // Sendable: the variables are used under the monitor only.
    private let monitor = Monitor()
    private var connections: [UInt64: HTTPConnection] = [:]
    private var lingering: [UInt64: Lingering] = [:]
    private var lastID: UInt64 = 0
    private var wakeAt: ContinuousClock.Instant?
    private var isStopping = false
    private let set: Int32
    private let wake: Int32
    private let slack: Duration
    private let ended = ThreadEnd()

    /// A socket that libmicrohttpd has closed, kept until its client has read the answer.
    private struct Lingering {
        var descriptor: Int32
        var deadline: ContinuousClock.Instant
    }

    /// Starts the thread. Cutting off happens at most a sixteenth of the shortest limit too late.
    init(_ limits: HTTPServerLimits) throws(GenerationError) {
        let shortest = min(limits.headerTime, limits.bodyTime, limits.idleTime, limits.stallTime)
        slack = max(shortest / 16, .milliseconds(1))
        set = freshet_watch_create()
        wake = freshet_wake_create()
        guard set >= 0, wake >= 0, freshet_watch_input(set, wake, 0) else {
            throw GenerationError(.outOfMemory, "There are no file descriptors left for the server.")
        }
        try DedicatedThread.start(named: "freshet-watch") { [self] in run() }
    }

    deinit {
        if set >= 0 { close(set) }
        if wake >= 0 { close(wake) }
    }

    // MARK: what libmicrohttpd's thread tells

    /// A number for a new connection.
    func makeID() -> UInt64 {
        monitor.withLock {
            lastID += 1
            return lastID
        }
    }

    /// Watches a connection. Answers false when the system refuses, or the watcher is stopping.
    func watch(_ connection: HTTPConnection, descriptor: Int32) -> Bool {
        let isWatched = monitor.withLock {
            guard !isStopping, freshet_watch_hangup(set, descriptor, connection.id) else { return false }
            connections[connection.id] = connection
            return true
        }
        arm(connection.deadline)
        return isWatched
    }

    /// Ends watching, before the descriptor is closed.
    func forget(_ connection: HTTPConnection, descriptor: Int32) {
        monitor.withLock {
            if connections.removeValue(forKey: connection.id) != nil { freshet_watch_end(set, descriptor) }
        }
    }

    /// Sees to it that the thread is awake at that time.
    func arm(_ deadline: ContinuousClock.Instant?) {
        guard let deadline else { return }
        let isEarlier = monitor.withLock {
            if let wakeAt, wakeAt <= deadline { return false }
            wakeAt = deadline
            return true
        }
        if isEarlier { freshet_wake(wake) }
    }

    /// Keeps a duplicate of a socket, which its owner is about to close, until its client closes or two seconds have
    /// passed, and drops what it sends. A close with unread bytes would be a reset, which may overtake the answer.
    func linger(on descriptor: Int32) {
        let deadline = ContinuousClock.now + .seconds(2)
        monitor.withLock {
            guard !isStopping, lingering.count < 64 else { return }
            let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            guard duplicate >= 0 else { return }
            lastID += 1
            guard freshet_watch_input(set, duplicate, lastID) else {
                close(duplicate)
                return
            }
            lingering[lastID] = Lingering(descriptor: duplicate, deadline: deadline)
        }
        arm(deadline)
    }

    // MARK: what the server tells

    /// The connections that are open.
    var all: [HTTPConnection] { monitor.withLock { Array(connections.values) } }

    /// Takes no more connections.
    func refuseMore() { monitor.withLock { isStopping = true } }

    /// Ends the thread, and waits for its end.
    func stop() async {
        refuseMore()
        freshet_wake(wake)
        await ended.wait()
    }

    // MARK: the thread

    private func run() {
        let capacity = 64
        let ids = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)
        defer {
            ids.deallocate()
            scratch.deallocate()
            monitor.withLock { lingering }.values.forEach { close($0.descriptor) }
            ended.signal()
        }
        while true {
            let count = Int(freshet_watch_wait(set, ids, Int32(capacity), timeout()))
            for id in UnsafeBufferPointer(start: ids, count: count) {
                guard id != 0 else {
                    freshet_wake_clear(wake)
                    continue
                }
                let (connection, socket) = monitor.withLock { (connections[id], lingering[id]) }
                connection?.cut(.clientLeft)
                if let socket { read(socket, id: id, into: scratch) }
            }
            let isOver = monitor.withLock { isStopping && connections.isEmpty }
            if isOver { return }
            cutLate()
        }
    }

    /// Milliseconds until the next deadline, rounded up.
    private func timeout() -> Int32 {
        guard let wakeAt = monitor.withLock({ wakeAt }) else { return -1 }
        let left = max(wakeAt - .now, .zero)
        return Int32(min(left / .milliseconds(1) + 1, 60_000))
    }

    /// Cuts off who is late, and finds out when to look again.
    private func cutLate() {
        let now = ContinuousClock.now
        let due: [HTTPConnection]? = monitor.withLock {
            guard let wakeAt, wakeAt <= now else { return nil }
            // A deadline that is set from here on wakes the thread again, which does no harm.
            self.wakeAt = nil
            for (id, socket) in lingering where socket.deadline <= now { drop(id, socket) }
            return Array(connections.values)
        }
        guard let due else { return }
        due.forEach { $0.cutIfLate(now: now) }
        let deadlines = due.compactMap(\.deadline) + monitor.withLock { lingering.values.map(\.deadline) }
        guard let next = deadlines.min() else { return }
        let look = max(next, now + slack)
        monitor.withLock { wakeAt = min(wakeAt ?? look, look) }
    }

    /// Drops what a lingering socket's client sends.
    private func read(_ socket: Lingering, id: UInt64, into scratch: UnsafeMutableRawBufferPointer) {
        let count = recv(socket.descriptor, scratch.baseAddress, scratch.count, Int32(MSG_DONTWAIT))
        if count > 0 || count < 0 && (errno == EAGAIN || errno == EINTR) { return }
        monitor.withLock { drop(id, socket) }
    }

    /// To be called under the monitor.
    private func drop(_ id: UInt64, _ socket: Lingering) {
        guard lingering.removeValue(forKey: id) != nil else { return }
        freshet_watch_end(set, socket.descriptor)
        close(socket.descriptor)
    }
}
