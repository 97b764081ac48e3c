public import Freshet

/// A provider that plays a script, at most as far ahead of its reader as its capacity allows.
///
/// It needs no thread: it writes when the stream is made and when the reader makes room.
public struct ScriptedProvider: Provider {
    /// One thing that the provider does.
    public enum Step: Sendable {
        /// Writes a chunk, when there is room for it.
        case write(Chunk.Content, index: Int = 0)
        /// Lets the reader run dry, then goes on from another task.
        case pause
        /// Does nothing more until the reader leaves.
        case stall
        /// Fails the stream.
        case fail(GenerationError)
        /// Lets go of the writer without an end.
        case vanish
    }

    /// The name in every chunk.
    public let model: String
    /// What the provider saw, over all its streams.
    public let record = Record()
    private let steps: [Step]
    private let capacity: Int

    /// A provider that plays `steps` for every request.
    public init(_ steps: [Step], model: String = "scripted", capacity: Int = 8) {
        self.steps = steps
        self.model = model
        self.capacity = capacity
    }

    /// A provider that answers with pieces of text, a finish and an end.
    public init(answering pieces: [String], finish: Finish = Finish(.stop), capacity: Int = 8) {
        let usage = Usage(promptTokens: 3, completionTokens: pieces.count)
        let text = pieces.map { Step.write(.text($0)) }
        self.init(
            [.write(.role(.assistant))] + text + [.write(.finish(finish)), .write(.end(usage, nil))], capacity: capacity
        )
    }

    /// Begins to play the script.
    public func stream(_ request: GenerationRequest) async throws(GenerationError) -> ChunkStream {
        try request.validate()
        let identity = record.begin()
        let player = Player(id: "scripted-\(identity)", model: model, steps: steps, record: record)
        let (stream, writer) = ChunkStream.makeStream(
            capacity: capacity, onRoom: { player.play() },
            onCancel: {
                record.cancel()
                player.leave()
            })
        player.begin(writer)
        return stream
    }
}

extension ScriptedProvider {
    /// Counts of what happened to a provider's streams.
    public final class Record: @unchecked Sendable {
        // Sendable: the counts are read and written under the monitor only.
        private let monitor = Monitor()
        private var counts = (streams: 0, written: 0, cancelled: 0)

        /// Streams begun, chunks written, and streams whose reader left.
        public var snapshot: (streams: Int, written: Int, cancelled: Int) { monitor.withLock { counts } }

        fileprivate func begin() -> Int {
            monitor.withLock {
                counts.streams += 1
                return counts.streams
            }
        }

        fileprivate func write() { monitor.withLock { counts.written += 1 } }

        fileprivate func cancel() { monitor.withLock { counts.cancelled += 1 } }
    }

    /// Plays one stream. Its writer is let go when the script is over or the reader has left.
    private final class Player: @unchecked Sendable {
        // Sendable: `rest` and `writer` are read and written under the monitor only.
        private let monitor = Monitor()
        private let id: String
        private let model: String
        private let record: Record
        private var rest: ArraySlice<Step>
        private var writer: ChunkStream.Writer?

        init(id: String, model: String, steps: [Step], record: Record) {
            self.id = id
            self.model = model
            self.record = record
            rest = steps[...]
        }

        func begin(_ writer: ChunkStream.Writer) {
            monitor.withLock { self.writer = writer }
            play()
        }

        /// Goes on until the stream is full or the script pauses.
        func play() {
            while let (step, writer) = next() {
                switch step {
                case .write(let content, let index):
                    record.write()
                    writer.write(Chunk(id: id, created: 1, model: model, index: index, content: content))
                case .fail(let error):
                    writer.fail(error)
                case .vanish:
                    leave()
                case .stall:
                    return
                case .pause:
                    Task {
                        for _ in 0..<4 { await Task.yield() }
                        play()
                    }
                    return
                }
            }
        }

        func leave() {
            let dropped = monitor.withLock {
                defer { writer = nil }
                return writer
            }
            _ = dropped
        }

        private func next() -> (Step, ChunkStream.Writer)? {
            monitor.withLock {
                guard let writer, let step = rest.first else { return nil }
                if case .write = step, !writer.hasRoom { return nil }
                rest.removeFirst()
                return (step, writer)
            }
        }
    }
}
