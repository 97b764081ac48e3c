internal import Freshet

/// How the JSON bodies of requests are read. Large ones are read one after the other: read, a body takes many times its
/// size. The routes of a service share it.
struct RequestBodies: Sendable {
    /// A body of more bytes than this takes longer to read than other streams should wait.
    private static let largeBody = 64 << 10

    private let turnstile = Turnstile(places: 1)

    /// Reads a request's body and goes on with what it says; a large one keeps its turn until `then` has returned. What
    /// was read is let go.
    ///
    /// - Throws: what both throw, and ``GenerationError`` with code `unsupportedMediaType` for a body that is said to be
    ///   something else than JSON.
    func read<Request: Sendable, Answer: Sendable>(
        _ request: HTTPRequest, as parse: @escaping @Sendable ([UInt8]) throws(GenerationError) -> Request,
        then: @Sendable (Request) async throws(GenerationError) -> Answer
    ) async throws(GenerationError) -> Answer {
        try Self.checkContentType(request.fields["Content-Type"])
        let body = request.body
        guard body.count > Self.largeBody else { return try await then(try parse(body)) }
        return try await turnstile.pass { () throws(GenerationError) in
            // The cooperative pool has other streams to see to than to read megabytes.
            let request = try await DedicatedThread.value(named: "freshet-body") { () throws(GenerationError) in
                try parse(body)
            }
            return try await then(request)
        }
    }

    /// Refuses what is said to be something else than JSON: forms, and text, which a page of another origin could send
    /// to a local server without asking.
    private static func checkContentType(_ field: String?) throws(GenerationError) {
        guard let type = field?.mediaType, type != "application/json" else { return }
        throw GenerationError(
            .unsupportedMediaType, "The request's body must be JSON, sent with “Content-Type: application/json”.")
    }
}
