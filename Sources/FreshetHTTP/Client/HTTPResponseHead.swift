/// What stands before the body of an answer.
package struct HTTPResponseHead: Sendable, Equatable {
    /// The status, for example 200.
    package var status: Int
    /// The headers.
    package var headers: HTTPFields

    /// Makes a head.
    package init(status: Int, headers: HTTPFields = [:]) { (self.status, self.headers) = (status, headers) }
}
