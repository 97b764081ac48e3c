/// A request that the server refuses before any handler sees it. The connection ends with the answer.
package struct HTTPRefusal: Error, Sendable, Equatable {
    /// The status: 400, 413, 431, 501 or 503.
    package var status: Int
    /// A sentence that says what is wrong with the request.
    package var message: String
    /// The client's address as digits.
    package var peer = ""

    init(_ status: Int, _ message: String) { (self.status, self.message) = (status, message) }
}
