/// Gets an answer. Every call is made on the transport's thread, in order, and must not block.
package protocol HTTPResponseReceiver: AnyObject, Sendable {
    /// The head of an answer with a status of 200 to 299 has come, of the exchange that ``HTTPTransport`` started.
    func receive(_ head: HTTPResponseHead, of exchange: HTTPExchange) -> HTTPVerdict

    /// A piece of such an answer's body has come. The bytes are valid during the call, and they count as taken whatever
    /// is returned.
    func receive(_ bytes: UnsafeRawBufferPointer) -> HTTPVerdict

    /// How many pieces of content have come, for ``HTTPDeadlines/content``. What merely shows that the server lives is
    /// none.
    var contentCount: Int { get }

    /// The exchange is over. Called once, as the last call; it may come during a pause, when nothing more was to come.
    func finish(_ end: HTTPExchangeEnd)
}

extension HTTPResponseReceiver {
    /// None: the receiver knows no content.
    package var contentCount: Int { 0 }
}

/// What a receiver wants next.
package enum HTTPVerdict: Sendable {
    /// More.
    case goOn
    /// No more until ``HTTPExchange/resume()``. The connection is not read meanwhile, which holds the server up.
    case pause
    /// No more at all: the exchange ends as cancelled.
    case stop
}
