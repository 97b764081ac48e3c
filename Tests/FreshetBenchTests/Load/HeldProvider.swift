import Freshet
import FreshetBench
import FreshetTestSupport

/// A provider whose streams a test writes by hand, and a clock that it moves between the pieces.
///
/// The generator reads the clock once for each thing that it notes, so a test that waits for so many readings knows
/// that all of them were noted at the time that the clock showed.
final class HeldProvider: Provider {
    // Sendable: what changes is read and written under `monitor`, or by the manual clock under its own.
    let model = "held"
    private let manual = ManualClock()
    private let state = HeldState()

    /// The clock that the generator is to have; whoever sleeps on it moves it.
    var clock: LoadClock {
        LoadClock(
            now: { [manual, state] in
                state.noteReading()
                return manual.now
            }, sleep: { [manual] in manual.advance(by: $0) })
    }

    func stream(_ request: GenerationRequest) async throws(GenerationError) -> ChunkStream {
        let (stream, writer) = ChunkStream.makeStream(capacity: 64)
        state.add(writer)
        return stream
    }

    /// Moves the clock, and writes a piece to a stream.
    func write(_ text: String, to stream: Int, after seconds: Int = 1) async throws {
        manual.advance(by: .seconds(seconds))
        try await writer(of: stream).write(chunk(.text(text)))
    }

    /// Ends a stream.
    func end(_ stream: Int, _ usage: Usage) async throws {
        let writer = try await writer(of: stream)
        writer.write(chunk(.finish(Finish(.length))))
        writer.write(chunk(.end(usage, nil)))
    }

    /// Returns when the clock was read so many times.
    func wait(forReadings count: Int) async throws { try await until { self.state.readings >= count } }

    /// Whether a stream's reader has left.
    func hasLeft(_ stream: Int) async throws -> Bool { try await writer(of: stream).isEnded }

    private func writer(of stream: Int) async throws -> ChunkStream.Writer {
        try await until { self.state.writers.count > stream }
        return state.writers[stream]
    }

    private func chunk(_ content: Chunk.Content) -> Chunk {
        Chunk(id: "held", created: 1, model: model, content: content)
    }

    private func until(_ condition: () -> Bool) async throws {
        for _ in 0..<300_000 where !condition() { try await Task.sleep(for: .milliseconds(1)) }
        if !condition() { throw GenerationError(.deadlineExceeded, "What the test waits for does not happen.") }
    }
}

/// What a held provider's streams share with the generator's clock.
private final class HeldState: @unchecked Sendable {
    // Sendable: the variables are read and written under `monitor` only.
    private let monitor = Monitor()
    private var all: [ChunkStream.Writer] = []
    private var read = 0

    var writers: [ChunkStream.Writer] { monitor.withLock { all } }
    var readings: Int { monitor.withLock { read } }

    func add(_ writer: ChunkStream.Writer) { monitor.withLock { all.append(writer) } }
    func noteReading() { monitor.withLock { read += 1 } }
}
