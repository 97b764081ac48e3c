/// Which pages of other origins may read this server's answers in a browser (CORS): none, unless asked for.
///
/// A page of another origin cannot send JSON without asking first, in a preflight, so that without an allowance it
/// cannot make the server generate either: requests with other content are refused.
package struct CrossOrigin: Sendable {
    private let origins: [String]

    /// An allowance for these origins, as browsers write them: `https://example.org:8443`; `*` allows every origin.
    package init(origins: [String] = []) { self.origins = origins.map { $0.lowercased() } }

    /// Whether a page of that origin may read answers.
    func allows(_ origin: String) -> Bool { origins.contains("*") || origins.contains(origin.lowercased()) }

    /// The fields that every response to a request gets.
    ///
    /// - Parameter origin: the request's `Origin` field.
    func fields(for origin: String?) -> [HTTPFields.Field] {
        guard !origins.isEmpty else { return [] }
        // A cache in between must not give one origin's answer to another.
        let vary = HTTPFields.Field(name: "Vary", value: "Origin")
        guard let origin, allows(origin) else { return [vary] }
        return [
            vary, HTTPFields.Field(name: "Access-Control-Allow-Origin", value: origin),
            HTTPFields.Field(name: "Access-Control-Expose-Headers", value: "x-request-id, retry-after"),
        ]
    }

    /// The answer to a preflight, with which a browser asks what a page may send; `nil` when the request is none, or of
    /// an origin that is not allowed.
    ///
    /// - Parameter methods: those that the path has.
    func preflight(_ request: HTTPRequest, methods: [String]) -> HTTPResponse? {
        guard request.method == "OPTIONS", let origin = request.fields["Origin"], allows(origin),
            request.fields["Access-Control-Request-Method"] != nil
        else { return nil }
        var response = HTTPResponse(status: 204, body: .whole([]))
        response.fields.add("Access-Control-Allow-Methods", methods.joined(separator: ", "))
        if let wanted = request.fields["Access-Control-Request-Headers"] {
            response.fields.add("Access-Control-Allow-Headers", wanted)
        }
        if request.fields["Access-Control-Request-Private-Network"] == "true" {
            response.fields.add("Access-Control-Allow-Private-Network", "true")
        }
        response.fields.add("Access-Control-Max-Age", "600")
        return response
    }
}
