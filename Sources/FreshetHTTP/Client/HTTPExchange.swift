package import Freshet

/// One request and its answer, for whoever started it. Dropping it changes nothing.
package final class HTTPExchange: Sendable {
    private let queue: TransportQueue
    /// Its number within the transport.
    let id: UInt64

    init(queue: TransportQueue, id: UInt64) { (self.queue, self.id) = (queue, id) }

    /// Lets a paused answer go on. Any thread may call it, at any time; without a pause it changes nothing.
    package func resume() { queue.resume(id) }

    /// Ends the exchange as cancelled, if it has not ended: the connection is closed at once. Any thread may call it,
    /// at any time. What was on its way may still reach the receiver before its `finish`.
    package func cancel() { queue.cancel(id) }
}

/// How an exchange ended.
package enum HTTPExchangeEnd: Sendable {
    /// The whole answer, of a status of 200 to 299, was received.
    case finished
    /// The server answered with another status; the body is cut at 64 KiB, or where the connection broke off.
    case refused(HTTPResponseHead, body: [UInt8])
    /// There was no answer, or not all of it. No header, no query and no password is in the error.
    case failed(GenerationError)
}
