/// What one request and its response have come to, and what each event asks for: the decisions, without a socket.
///
/// Three threads bring events: libmicrohttpd's own, the request's task, and the watcher. The one rule that nothing may
/// break is libmicrohttpd's: a connection is resumed exactly once for each time that it was suspended. ``isParked`` is
/// true from the moment that an event answers *park* to the one that answers *resume*; whoever acts on an answer does
/// so under the lock that guards this value.
struct ExchangeState {
    /// How far it has come.
    enum Phase: Equatable {
        /// The request is being read.
        case receiving
        /// The handler has it.
        case handling
        /// The handler has answered, and libmicrohttpd has not yet been told.
        case answered
        /// The response is on its way out.
        case sending
        /// It is over; libmicrohttpd's connection must not be touched.
        case ended(HTTPOutcome)
    }

    /// What libmicrohttpd's call for a request is answered with.
    enum Turn: Equatable {
        /// Start the handler, and park the connection.
        case start
        /// Park it: nothing has happened.
        case park
        /// Queue the response.
        case respond
        /// Close the connection.
        case close
    }

    /// What libmicrohttpd's call for more of the body is answered with.
    enum Portion: Equatable {
        /// This many bytes were copied.
        case bytes(Int)
        /// Park the connection: nothing is there yet.
        case park
        /// That was all.
        case end
        /// Cut the connection.
        case cut
    }

    /// What became of a piece of the body.
    enum Acceptance: Equatable {
        /// It was taken.
        case taken
        /// There is no room: wait.
        case full
        /// Nobody will read it.
        case closed
    }

    /// How the body was ended by who makes it.
    private enum Ending { case complete, aborted }

    private(set) var phase = Phase.receiving
    /// Whether a resume is owed.
    private(set) var isParked = false
    /// Why nothing more is to be sent, when that is so.
    private(set) var cut: HTTPCut?
    private var pending = PendingBytes()
    private var ending: Ending?
    private let capacity: Int

    /// Begins to receive a request, for whose answer `capacity` bytes may wait.
    init(capacity: Int) { self.capacity = capacity }

    /// Whether nothing that is written can reach the client any more.
    var isClosed: Bool {
        if case .ended = phase { return true }
        return cut != nil
    }

    /// Whether a writer has to wait.
    var isFull: Bool { !isClosed && ending == nil && pending.count >= capacity }

    /// libmicrohttpd asks what to do with a request that has been read.
    mutating func turn() -> Turn {
        guard !isClosed else { return .close }
        switch phase {
        case .receiving:
            phase = .handling
            isParked = true
            return .start
        case .handling:
            isParked = true
            return .park
        case .answered:
            phase = .sending
            return .respond
        case .sending, .ended: return .close
        }
    }

    /// The handler has answered, with `body` or with a stream. Answers whether to resume.
    mutating func answer(whole body: [UInt8]?) -> Bool {
        guard phase == .handling, !isClosed else { return false }
        phase = .answered
        if let body {
            pending.append(body)
            ending = .complete
        }
        return unpark()
    }

    /// The handler's stream has a piece. Answers whether it was taken, and whether to resume.
    mutating func write(_ bytes: [UInt8]) -> (Acceptance, resume: Bool) {
        guard !isClosed, ending == nil else { return (.closed, false) }
        guard pending.count < capacity else { return (.full, false) }
        pending.append(bytes)
        // Before the response is queued the connection is not parked for want of bytes.
        return (.taken, phase == .sending && !bytes.isEmpty && unpark())
    }

    /// The handler's stream is over, `properly` or by an error. Answers whether to resume.
    mutating func finish(properly: Bool) -> Bool {
        guard !isClosed else { return false }
        ending = properly ? .complete : .aborted
        return phase == .sending && unpark()
    }

    /// libmicrohttpd wants bytes of the body. Answers with what it gets, and whether a writer has room again.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> (Portion, hasRoom: Bool) {
        guard !isClosed else { return (.cut, false) }
        let wasFull = pending.count >= capacity
        let count = pending.remove(into: buffer)
        if count > 0 { return (.bytes(count), wasFull && pending.count < capacity) }
        // What was written before a stream failed has gone out by now.
        switch ending {
        case .complete: return (.end, false)
        case .aborted: return (.cut, false)
        case nil:
            isParked = true
            return (.park, false)
        }
    }

    /// The client has left, or is cut off. Answers whether to resume, so that libmicrohttpd closes the connection.
    mutating func cut(_ reason: HTTPCut) -> Bool {
        guard !isClosed else { return false }
        cut = reason
        return unpark()
    }

    /// libmicrohttpd is done with the exchange; `wasSent` says that all went out.
    mutating func complete(wasSent: Bool) -> HTTPOutcome {
        let outcome = wasSent ? HTTPOutcome.sent : .cut(cut ?? (ending == .aborted ? .aborted : .clientLeft))
        phase = .ended(outcome)
        isParked = false
        pending = PendingBytes()
        return outcome
    }

    private mutating func unpark() -> Bool {
        defer { isParked = false }
        return isParked
    }
}

/// Bytes on their way out: appended at one end, taken at the other.
private struct PendingBytes {
    private var bytes: [UInt8] = []
    private var taken = 0

    var count: Int { bytes.count - taken }

    mutating func append(_ more: [UInt8]) {
        if count == 0 {
            // No copy of a whole body.
            bytes = more
            taken = 0
        } else {
            bytes += more
        }
    }

    /// Takes as many as fit, and answers how many.
    mutating func remove(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let portion = bytes[taken...].prefix(buffer.count)
        buffer.copyBytes(from: portion)
        taken += portion.count
        if taken == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            taken = 0
        } else if taken >= 1 << 16 && taken > bytes.count / 2 {
            bytes.removeFirst(taken)
            taken = 0
        }
        return portion.count
    }
}
