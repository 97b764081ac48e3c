internal import Freshet

/// One answer on its way: it gets bytes from the transport and writes chunks to a stream.
final class RemoteAnswer: HTTPResponseReceiver, @unchecked Sendable {
    // Sendable: `start` is read and written under `monitor` only; everything else that changes is used on the
    // transport's thread only.
    private let origin: HTTPOrigin
    private let key: String
    private let choiceCount: Int
    private let keepsRaw: Bool
    /// Kept for as long as an answer is on its way, also when nobody else holds it.
    private let transport: HTTPTransport

    private let monitor = Monitor()
    private var start = Start.unknown

    /// What is known of the way the answer begins. The stream is handed on and not kept: its reader's leaving would
    /// go unnoticed.
    private enum Start {
        case unknown
        case awaited(CheckedContinuation<Result<ChunkStream, GenerationError>, Never>)
        case known(Result<ChunkStream, GenerationError>)
        case told
    }

    private var reader: OpenAIAnswerReader?
    private var writer: ChunkStream.Writer?
    private(set) var contentCount = 0

    /// An answer of which nothing has come.
    ///
    /// - Parameters:
    ///   - key: what no error may show.
    ///   - choiceCount: how many choices were asked for.
    ///   - keepsRaw: whether the chunks carry the events' bytes.
    init(origin: HTTPOrigin, key: String, choiceCount: Int, keepsRaw: Bool, transport: HTTPTransport) {
        self.origin = origin
        self.key = key
        self.choiceCount = choiceCount
        self.keepsRaw = keepsRaw
        self.transport = transport
    }

    /// Waits for the stream, or for the failure that there is instead. To be called once.
    func beginning() async -> Result<ChunkStream, GenerationError> {
        await withCheckedContinuation { continuation in
            let result: Result<ChunkStream, GenerationError>? = monitor.withLock {
                if case .known(let result) = start {
                    start = .told
                    return result
                }
                start = .awaited(continuation)
                return nil
            }
            if let result { continuation.resume(returning: result) }
        }
    }

    func receive(_ head: HTTPResponseHead, of exchange: HTTPExchange) -> HTTPVerdict {
        do throws(GenerationError) {
            reader = try OpenAIAnswerReader(
                contentType: head.headers["Content-Type"], origin: origin, choiceCount: choiceCount,
                keepsRaw: keepsRaw)
        } catch {
            begin(.failure(error))
            return .stop
        }
        let (stream, writer) = ChunkStream.makeStream(
            onRoom: { exchange.resume() }, onCancel: { exchange.cancel() })
        self.writer = writer
        begin(.success(stream))
        return .goOn
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> HTTPVerdict {
        // A body that goes on after the stream's end is not waited for: it may never end.
        guard let writer, !writer.isEnded else { return .stop }
        do throws(GenerationError) {
            try reader?.append(bytes) { chunk in
                contentCount += 1
                writer.write(chunk)
            }
        } catch {
            writer.fail(error.hiding(key))
            return .stop
        }
        // The rest of the body is let through, if only its own end is to come: the connection can then be used again.
        return writer.hasRoom || writer.isEnded ? .goOn : .pause
    }

    func finish(_ end: HTTPExchangeEnd) {
        switch end {
        case .finished:
            do throws(GenerationError) {
                try reader?.finish { writer?.write($0) }
            } catch {
                writer?.fail(error.hiding(key))
            }
        case .refused(let head, let body):
            begin(.failure(.refusal(head, body, hiding: key)))
        case .failed(let error):
            begin(.failure(error))
            writer?.fail(error)
        }
        (reader, writer) = (nil, nil)
    }

    /// Tells whoever waits how the answer begins; only the first time counts.
    private func begin(_ result: Result<ChunkStream, GenerationError>) {
        let waiting: CheckedContinuation<Result<ChunkStream, GenerationError>, Never>? = monitor.withLock {
            switch start {
            case .unknown:
                start = .known(result)
                return nil
            case .awaited(let continuation):
                start = .told
                return continuation
            case .known, .told:
                return nil
            }
        }
        waiting?.resume(returning: result)
    }
}
