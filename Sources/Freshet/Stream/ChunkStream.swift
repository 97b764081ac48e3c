/// A stream of chunks with one writer and one reader, which holds a bounded number of undelivered chunks.
///
/// It ends in one of three ways. *Finished*: the last chunk is ``Chunk/Content/end(_:_:)`` and iteration stops.
/// *Failed* and *cancelled*: iteration throws a ``GenerationError`` that carries the reply so far. A reader that drops
/// its iterator, or whose task is cancelled, cancels the stream, and the writer learns of it at once.
///
/// The stream can be read once; a second iterator throws and leaves the first alone.
///
/// ```swift
/// for try await chunk in stream {
///     if let text = chunk.text { print(text, terminator: "") }
/// }
/// ```
public struct ChunkStream: AsyncSequence, Sendable {
    /// What is read.
    public typealias Element = Chunk
    /// What reading throws.
    public typealias Failure = GenerationError

    private let reader: Reader

    /// Makes a stream and the end that writes to it.
    ///
    /// - Parameters:
    ///   - capacity: the number of undelivered chunks at which ``Writer/hasRoom`` becomes false.
    ///   - onRoom: called, on the reader's thread, when a full stream has room again.
    ///   - onCancel: called once, on the reader's thread, when the reader leaves before the end.
    public static func makeStream(
        capacity: Int = 64, onRoom: @escaping @Sendable () -> Void = {}, onCancel: @escaping @Sendable () -> Void = {}
    ) -> (stream: ChunkStream, writer: Writer) {
        let channel = ChunkChannel(capacity: capacity, onRoom: onRoom, onCancel: onCancel)
        return (ChunkStream(reader: Reader(channel: channel)), Writer(channel: channel))
    }

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

    /// Reads to the end and folds every chunk into the whole reply.
    ///
    /// - Throws: ``GenerationError``, with the reply so far, when the stream fails or is cancelled.
    public func collect() async throws(GenerationError) -> Reply {
        let iterator = makeAsyncIterator()
        while try await iterator.next() != nil {}
        return iterator.reply
    }

    /// Ends the stream as cancelled, if it has not ended: what dropping the iterator does, said aloud.
    public func cancel() { reader.channel.cancel() }

    /// Lets a reader that waits in ``Iterator/nextBatch(isolation:)`` go with nothing, so that it can do something else
    /// for a moment. Loses no chunk, and does nothing while no reader waits.
    package func nudge() { reader.channel.nudge() }
}

extension ChunkStream {
    /// The reading end. Dropping it cancels the stream.
    public final class Iterator: AsyncIteratorProtocol {
        private let reader: Reader
        private let isOnlyReader: Bool
        private var batch: [Chunk] = []
        private var next = 0

        /// The fold of the chunks read so far.
        public private(set) var reply = Reply()

        fileprivate init(reader: Reader) {
            self.reader = reader
            isOnlyReader = reader.channel.claimReading()
        }

        deinit {
            if isOnlyReader { reader.channel.cancel() }
        }

        /// The next chunk, or `nil` after the end.
        ///
        /// - Throws: ``GenerationError``, with the reply so far, when the stream failed or was cancelled.
        public func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(GenerationError) -> Chunk? {
            if next == batch.count {
                repeat {
                    guard let chunks = try await receive() else { return nil }
                    (batch, next) = (chunks, 0)
                } while batch.isEmpty
            }
            defer { next += 1 }
            reply.append(batch[next])
            return batch[next]
        }

        /// Every chunk that can be had without waiting, and where there is none, those that come next; `nil` after the
        /// end. Empty when ``ChunkStream/nudge()`` ended the wait.
        ///
        /// - Throws: like ``next(isolation:)``.
        package func nextBatch(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(GenerationError) -> ArraySlice<Chunk>? {
            if next == batch.count {
                guard let chunks = try await receive() else { return nil }
                (batch, next) = (chunks, 0)
            }
            defer { next = batch.count }
            batch[next...].forEach { reply.append($0) }
            return batch[next...]
        }

        /// What the channel delivers: chunks, none when the reader was nudged, `nil` after the end.
        private func receive(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(GenerationError) -> [Chunk]? {
            guard isOnlyReader else { throw GenerationError(.invalidRequest, "A stream can be read only once.") }
            switch await reader.channel.receive() {
            case .chunks(let chunks): return chunks
            case .nothing: return []
            case .ended(let error):
                (batch, next) = ([], 0)
                guard var error else { return nil }
                error.partial = reply
                throw error
            }
        }
    }

    /// The writing end, for the provider. Dropping it before the end fails the stream as truncated.
    public final class Writer: Sendable {
        private let channel: ChunkChannel

        fileprivate init(channel: ChunkChannel) { self.channel = channel }

        deinit {
            channel.end(GenerationError(.truncated, "The provider stopped before the end of the stream."))
        }

        /// Whether the reader keeps up. A writer that finds no room makes no more chunks until `onRoom` is called;
        /// what one step has already made may still be written.
        public var hasRoom: Bool { channel.hasRoom }

        /// Whether the stream has ended, by a chunk, a failure, or the reader's leaving.
        public var isEnded: Bool { channel.isEnded }

        /// Gives the reader a chunk. ``Chunk/Content/end(_:_:)`` ends the stream; after that nothing is taken.
        public func write(_ chunk: Chunk) { channel.send(chunk) }

        /// Gives the reader a chunk that it may get together with the next one: it is woken for that, by ``wake()``, or when
        /// the stream is full. One of the two has to follow soon.
        package func writePatiently(_ chunk: Chunk) { channel.send(chunk, isPatient: true) }

        /// Wakes a reader that waits, where chunks were written patiently.
        package func wake() { channel.wake() }

        /// Ends the stream with an error, after the chunks written so far.
        public func fail(_ error: GenerationError) { channel.end(error) }
    }

    /// What the stream and its iterators share: when the last of them goes, nobody can read any more.
    fileprivate final class Reader: Sendable {
        let channel: ChunkChannel

        init(channel: ChunkChannel) { self.channel = channel }

        deinit { channel.cancel() }
    }
}
