/// The queue between a stream's writer and its reader.
///
/// The reader takes everything that waits in one go, so that a fast writer costs it one lock for many chunks.
final class ChunkChannel: @unchecked Sendable {
    // Sendable: every stored variable is read and written under `monitor` only.

    /// What the reader gets.
    enum Delivery: Sendable {
        /// The chunks that waited, at least one.
        case chunks([Chunk])
        /// Nothing has come, but the reader was nudged.
        case nothing
        /// No chunk will come any more; the error when the stream did not finish.
        case ended(GenerationError?)
    }

    private let monitor = Monitor()
    private let capacity: Int
    /// Given up at the end: a writer's closures nearly always hold the writer, which holds the channel.
    private var callbacks: Callbacks?

    /// Chunks written and not yet taken.
    private var waiting: [Chunk] = []
    /// Chunks in the batch that the reader works on: they count as undelivered until it comes back for more.
    private var taken = 0
    private var hasReader = false
    private var suspended: UnsafeContinuation<Delivery, Never>?
    private var ended = false
    private var error: GenerationError?

    init(capacity: Int, onRoom: @escaping @Sendable () -> Void, onCancel: @escaping @Sendable () -> Void) {
        self.capacity = max(1, capacity)
        callbacks = Callbacks(onRoom: onRoom, onCancel: onCancel)
    }

    var hasRoom: Bool { monitor.withLock { !isFull } }

    var isEnded: Bool { monitor.withLock { ended } }

    private var isFull: Bool { waiting.count + taken >= capacity }

    /// Takes a chunk for the reader; drops it when the stream has ended.
    ///
    /// - Parameter isPatient: whether a reader that waits may go on waiting, for what is sent next or ``wake()``. Where the
    ///   stream is full it may not.
    func send(_ chunk: Chunk, isPatient: Bool = false) {
        let (reader, released): (Waking?, Callbacks?) = monitor.withLock {
            guard !ended else { return (nil, nil) }
            let released = chunk.isEnd ? finish() : nil
            waiting.append(chunk)
            return (isPatient && !isFull ? nil : takeForReader(), released)
        }
        reader?.wake()
        withExtendedLifetime(released) {}
    }

    /// Gives a reader that waits what was sent to it patiently.
    func wake() { monitor.withLock { takeForReader() }?.wake() }

    /// Ends the stream with an error, after what waits.
    func end(_ error: GenerationError) {
        let (reader, released): (Waking?, Callbacks?) = monitor.withLock {
            guard !ended else { return (nil, nil) }
            self.error = error
            let released = finish()
            return (takeForReader(), released)
        }
        reader?.wake()
        withExtendedLifetime(released) {}
    }

    /// A reader that is let go, outside the monitor.
    private struct Waking {
        var reader: UnsafeContinuation<Delivery, Never>
        var delivery: Delivery

        func wake() { reader.resume(returning: delivery) }
    }

    /// Takes what there is for a reader that waits, under the monitor; `nil` when none waits, or there is nothing.
    private func takeForReader() -> Waking? {
        guard let reader = suspended, !waiting.isEmpty || ended else { return nil }
        suspended = nil
        guard !waiting.isEmpty else { return Waking(reader: reader, delivery: .ended(error)) }
        taken = waiting.count
        defer { waiting = [] }
        return Waking(reader: reader, delivery: .chunks(waiting))
    }

    /// Ends the stream because nobody reads it, and lets what waits go.
    func cancel() {
        let (reader, released): (UnsafeContinuation<Delivery, Never>?, Callbacks?) = monitor.withLock {
            guard !ended else { return (nil, nil) }
            error = Self.cancellation
            waiting = []
            defer { suspended = nil }
            return (suspended, finish())
        }
        reader?.resume(returning: .ended(Self.cancellation))
        released?.onCancel()
    }

    /// Lets a reader that waits go with nothing.
    func nudge() {
        let reader = monitor.withLock {
            defer { suspended = nil }
            return suspended
        }
        reader?.resume(returning: .nothing)
    }

    /// Makes the caller the reader, unless there is or was one.
    func claimReading() -> Bool {
        monitor.withLock {
            defer { hasReader = true }
            return !hasReader
        }
    }

    /// Waits for chunks. Only for the one reader; a cancelled task cancels the stream.
    func receive() async -> Delivery {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in take(continuation) }
        } onCancel: {
            cancel()
        }
    }

    private func take(_ continuation: UnsafeContinuation<Delivery, Never>) {
        let (delivery, onRoom): (Delivery?, (@Sendable () -> Void)?) = monitor.withLock {
            let wasFull = isFull
            taken = 0
            if !waiting.isEmpty {
                taken = waiting.count
                let chunks = waiting
                waiting = []
                return (.chunks(chunks), wasFull && !isFull ? callbacks?.onRoom : nil)
            }
            if ended { return (.ended(error), nil) }
            suspended = continuation
            return (nil, wasFull ? callbacks?.onRoom : nil)
        }
        if let delivery { continuation.resume(returning: delivery) }
        onRoom?()
    }

    /// Marks the end, under the monitor.
    ///
    /// - Returns: the callbacks, for the caller to let go outside the monitor: with them may go the writer, which then
    ///   comes back here.
    private func finish() -> Callbacks? {
        ended = true
        defer { callbacks = nil }
        return callbacks
    }

    private struct Callbacks {
        var onRoom: @Sendable () -> Void
        var onCancel: @Sendable () -> Void
    }

    private static let cancellation = GenerationError(.cancelled, "The stream was cancelled.")
}

extension Chunk {
    /// Whether the chunk is the end of the whole stream.
    var isEnd: Bool {
        if case .end = content { true } else { false }
    }
}
