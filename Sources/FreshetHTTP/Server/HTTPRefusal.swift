package import Freshet

/// A request that the server refuses before any handler sees it. The connection ends with the answer.
package struct HTTPRefusal: Error, Sendable, Equatable {
    /// The status: 400, 413, 431, 501 or 503.
    package var status: Int
    /// What the status alone does not say: a server that is full and one that ends both answer with 503.
    package var code: GenerationError.Code
    /// A sentence that says what is wrong with the request.
    package var message: String
    /// The client's address as digits.
    package var peer = ""

    init(_ status: Int, _ message: String, code: GenerationError.Code = .invalidRequest) {
        (self.status, self.code, self.message) = (status, code, message)
    }
}
