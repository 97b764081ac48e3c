internal import Freshet

/// A whole JSON reply on its way.
final class RemoteReply: HTTPResponseReceiver, @unchecked Sendable {
    // Sendable: `waiting` and `result` are read and written under `monitor` only; the rest that changes is used on the
    // transport's thread only.
    private let key: String
    private let limit: Int
    /// Kept for as long as a reply is on its way, also when nobody else holds it.
    private let transport: HTTPTransport

    private let monitor = Monitor()
    private var waiting: CheckedContinuation<Result<[UInt8], GenerationError>, Never>?
    private var result: Result<[UInt8], GenerationError>?

    private var body: [UInt8] = []

    /// A reply of which nothing has come.
    ///
    /// - Parameters:
    ///   - key: what no error may show.
    ///   - limit: the most bytes that are taken.
    init(key: String, limit: Int, transport: HTTPTransport) {
        (self.key, self.limit, self.transport) = (key, limit, transport)
    }

    /// Waits for the reply's body. To be called once.
    func whole() async -> Result<[UInt8], GenerationError> {
        await withCheckedContinuation { continuation in
            let result = monitor.withLock {
                if self.result == nil { waiting = continuation }
                return self.result
            }
            if let result { continuation.resume(returning: result) }
        }
    }

    func receive(_ head: HTTPResponseHead, of exchange: HTTPExchange) -> HTTPVerdict { .goOn }

    func receive(_ bytes: UnsafeRawBufferPointer) -> HTTPVerdict {
        guard body.count + bytes.count <= limit else {
            end(.failure(GenerationError(.badResponse, "The provider's reply is longer than \(limit) bytes.")))
            return .stop
        }
        body += bytes
        return .goOn
    }

    func finish(_ end: HTTPExchangeEnd) {
        switch end {
        case .finished: self.end(.success(body))
        case .refused(let head, let body): self.end(.failure(.refusal(head, body, hiding: key)))
        case .failed(let error): self.end(.failure(error))
        }
    }

    /// Tells whoever waits; only the first time counts.
    private func end(_ result: Result<[UInt8], GenerationError>) {
        let waiting: CheckedContinuation<Result<[UInt8], GenerationError>, Never>? = monitor.withLock {
            guard self.result == nil else { return nil }
            self.result = result
            defer { self.waiting = nil }
            return self.waiting
        }
        waiting?.resume(returning: result)
    }
}
