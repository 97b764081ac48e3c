import Freshet

/// Counts how often llama.cpp asks during a decode whether to go on, and leaves a stream at one of these moments.
final class DecodeWatch: @unchecked Sendable {
    // Sendable: the variables are read and written under `monitor` only.
    private let monitor = Monitor()
    private var decodeCount = 0
    private let onDecode: @Sendable () -> Void
    private var victim: (stream: ChunkStream, questions: Int)?
    private var hasLeft = false

    /// A watch that also calls a closure at each decode's beginning.
    init(onDecode: @escaping @Sendable () -> Void = {}) { self.onDecode = onDecode }

    /// Decodes so far.
    var decodes: Int { monitor.withLock { decodeCount } }

    /// Starts a stream that is left when llama.cpp has asked so many times.
    func leave(after questions: Int, _ start: () throws -> ChunkStream) throws -> ChunkStream {
        // The engine's thread cannot ask before the stream is known here.
        try monitor.withLock {
            let stream = try start()
            (victim, hasLeft) = ((stream, questions), false)
            return stream
        }
    }

    /// Whether the moment came before the stream's end.
    func disarm() -> Bool {
        monitor.withLock {
            victim = nil
            return hasLeft
        }
    }

    func beginDecode() {
        onDecode()
        monitor.withLock { decodeCount += 1 }
    }

    func ask() {
        let stream = monitor.withLock { () -> ChunkStream? in
            guard let (stream, questions) = victim else { return nil }
            victim = questions > 1 ? (stream, questions - 1) : nil
            hasLeft = questions <= 1
            return questions > 1 ? nil : stream
        }
        stream?.cancel()
    }
}
