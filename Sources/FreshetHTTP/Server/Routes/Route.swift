internal import Freshet

/// What answers at one address.
protocol Route: Sendable {
    /// Whether only holders of a key are answered.
    var asksForKey: Bool { get }

    /// Answers a request.
    ///
    /// - Throws: ``GenerationError``, which becomes a response with an error object.
    func respond(to call: RouteCall) async throws(GenerationError) -> HTTPResponse
}

extension Route {
    var asksForKey: Bool { true }
}

/// What a route is given.
struct RouteCall: Sendable {
    /// The request.
    var request: HTTPRequest
    /// Who asks: the key that was sent, by its number, or without keys the peer's address.
    var caller: String
    /// What stood in the place of the pattern's `{name}`.
    var parameter: String?
    /// Where what is learned of the request is noted.
    var record: RequestRecord

    /// On whose behalf the request is made: the caller, divided by the user whom the request names.
    func client(named user: String) -> String { user.isEmpty ? caller : "\(caller)/\(user)" }
}
