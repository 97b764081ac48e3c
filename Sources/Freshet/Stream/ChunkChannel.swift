/// The queue between a stream's writer and its reader.
///
/// The reader takes everything that waits in one go, so that a fast writer costs it one lock for many chunks.
final class ChunkChannel: @unchecked Sendable {
    // Sendable: every stored variable is read and written under `monitor` only.

    /// What the reader gets.
    enum Delivery: Sendable {
        /// The chunks that waited, at least one.
        case chunks([Chunk])
        /// No chunk will come any more; the error when the stream did not finish.
        case ended(GenerationError?)
    }

    private let monitor = Monitor()
    private let capacity: Int
    private let onRoom: @Sendable () -> Void
    private let onCancel: @Sendable () -> Void

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
        self.onRoom = onRoom
        self.onCancel = onCancel
    }

    var hasRoom: Bool { monitor.withLock { !isFull } }

    var isEnded: Bool { monitor.withLock { ended } }

    private var isFull: Bool { waiting.count + taken >= capacity }

    /// Takes a chunk for the reader; drops it when the stream has ended.
    func send(_ chunk: Chunk) {
        let reader: UnsafeContinuation<Delivery, Never>? = monitor.withLock {
            guard !ended else { return nil }
            if case .end = chunk.content { ended = true }
            guard let reader = suspended else {
                waiting.append(chunk)
                return nil
            }
            suspended = nil
            taken = 1
            return reader
        }
        reader?.resume(returning: .chunks([chunk]))
    }

    /// Ends the stream with an error, after what waits.
    func end(_ error: GenerationError) {
        let reader: UnsafeContinuation<Delivery, Never>? = monitor.withLock {
            guard !ended else { return nil }
            (ended, self.error) = (true, error)
            defer { suspended = nil }
            return suspended
        }
        reader?.resume(returning: .ended(error))
    }

    /// Ends the stream because nobody reads it, and lets what waits go.
    func cancel() {
        let (isNew, reader): (Bool, UnsafeContinuation<Delivery, Never>?) = monitor.withLock {
            guard !ended else { return (false, nil) }
            (ended, error) = (true, Self.cancellation)
            waiting = []
            defer { suspended = nil }
            return (true, suspended)
        }
        reader?.resume(returning: .ended(Self.cancellation))
        if isNew { onCancel() }
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
        let (delivery, madeRoom): (Delivery?, Bool) = monitor.withLock {
            let wasFull = isFull
            taken = 0
            if !waiting.isEmpty {
                taken = waiting.count
                let chunks = waiting
                waiting = []
                return (.chunks(chunks), wasFull && !isFull)
            }
            if ended { return (.ended(error), false) }
            suspended = continuation
            return (nil, wasFull)
        }
        if let delivery { continuation.resume(returning: delivery) }
        if madeRoom { onRoom() }
    }

    private static let cancellation = GenerationError(.cancelled, "The stream was cancelled.")
}
