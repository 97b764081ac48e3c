/// One request, whole: its body has been read.
package struct HTTPRequest: Sendable {
    /// The method, as it was sent: `GET`, `POST`, ….
    package var method: String
    /// The path, with its percent signs decoded; the query is apart.
    package var path: String
    /// What follows the question mark, as it was sent; `nil` where there is none.
    package var query: String?
    /// The header fields.
    package var fields: HTTPFields
    /// The body, without its framing.
    package var body: [UInt8]
    /// The client's address as digits, empty where the system cannot say it.
    package var peer: String

    /// Makes a request.
    package init(
        method: String, path: String, query: String? = nil, fields: HTTPFields = [:], body: [UInt8] = [],
        peer: String = ""
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.fields = fields
        self.body = body
        self.peer = peer
    }
}
