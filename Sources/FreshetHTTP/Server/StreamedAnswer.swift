internal import Freshet

/// A stream of chunks on its way to one client, as server-sent events.
///
/// The answer's first chunk decides the response's status, so it is waited for before anything is sent; but not for
/// ever, since a client, and what stands between, gives up on a connection where nothing comes. So the response begins
/// half a ping's interval after the request, and what fails later is told in the stream.
final class StreamedAnswer: @unchecked Sendable {
    // Sendable: one task uses it, the request's own: the handler first, and when that has returned, the body's closure.
    private let stream: ChunkStream
    private let chunks: ChunkStream.Iterator
    private var encoder: OpenAIChunkEncoder
    private let record: RequestRecord
    private let pacemaker: Pacemaker?
    /// What is to be written next.
    private var frames: [UInt8] = []
    private var json: [UInt8] = []
    /// Whether the pacemaker has beaten since something was written, a ping too.
    private var isQuiet = false

    /// Begins to read a stream. Where nothing has come for `pings`, or for a little less, a ping is sent; `nil` sends
    /// none.
    init(_ stream: ChunkStream, encoder: OpenAIChunkEncoder, pings: Duration?, record: RequestRecord) {
        self.stream = stream
        self.encoder = encoder
        self.record = record
        chunks = stream.makeAsyncIterator()
        // Every second beat of a silence is a ping: the first may come right after a chunk.
        pacemaker = pings.map { interval in Pacemaker(every: interval / 2) { stream.nudge() } }
    }

    deinit { stream.cancel() }

    /// Waits for the first chunk, or for the pacemaker's first beat.
    ///
    /// - Throws: ``GenerationError`` when the stream failed before it.
    func begin() async throws(GenerationError) {
        guard let first = try await chunks.nextBatch() else { return }
        take(first)
    }

    /// Writes the stream to its end, or the error that ended it. Waits while the client does not read, and the stream
    /// then fills and pauses its generation.
    ///
    /// - Throws: ``GenerationError`` when the client has left; the stream is then cancelled.
    func write(to body: HTTPBodyWriter) async throws(GenerationError) {
        defer {
            stream.cancel()
            record.note(chunks.reply)
        }
        do throws(GenerationError) {
            while true {
                if !frames.isEmpty { try await body.write(frames) }
                frames.removeAll(keepingCapacity: true)
                guard let batch = try await chunks.nextBatch() else { break }
                take(batch)
            }
            frames += SSEEncoder.done
        } catch {
            record.note(error)
            frames.removeAll(keepingCapacity: true)
            append { OpenAIErrorObject.append(ErrorResponse.toldOf(error), to: &$0) }
        }
        try await body.write(frames)
        record.noteWhole()
    }

    /// Makes frames of chunks, or a ping where there are none.
    private func take(_ batch: ArraySlice<Chunk>) {
        if batch.isEmpty {
            // A comment in a frame of its own: some clients drop a frame of data that begins with one.
            if isQuiet { frames += Self.ping }
            isQuiet.toggle()
            return
        }
        isQuiet = false
        for chunk in batch {
            if chunk.isAnswer { record.noteFirstPiece() }
            append { encoder.append(chunk, to: &$0) }
        }
    }

    /// Adds a frame of what `write` writes, if that is anything.
    private func append(_ write: (inout [UInt8]) -> Void) {
        json.removeAll(keepingCapacity: true)
        write(&json)
        if !json.isEmpty { SSEEncoder.append(json, to: &frames) }
    }

    private static let ping = Array(":\n\n".utf8)
}

extension Chunk {
    /// Whether the chunk is a piece of the answer itself.
    fileprivate var isAnswer: Bool {
        switch content {
        case .text, .reasoning, .refusal, .toolCall, .logProbabilities: true
        case .role, .progress, .finish, .end: false
        }
    }
}
