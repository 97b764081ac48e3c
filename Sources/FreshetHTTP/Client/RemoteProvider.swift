public import Freshet

/// A model at the other end of a wire: any server that speaks OpenAI's dialect.
///
/// A slow reader pauses the connection, which holds the server up; a reader that leaves closes it. A connection that
/// breaks off before the answer's end is a failure with code ``GenerationError/Code/truncated``. No error shows the
/// key.
///
/// ```swift
/// let provider = try RemoteProvider(
///     RemoteOptions(baseURL: "http://127.0.0.1:8080/v1", model: "freshet-small-world"))
/// for try await chunk in try await provider.stream(request) { print(chunk.text ?? "", terminator: "") }
/// ```
///
/// Connections are kept and used again. Dropping the provider, and its last stream, closes them.
public struct RemoteProvider: Provider {
    private let options: RemoteOptions
    private let origin: HTTPOrigin
    private let transport: HTTPTransport

    /// Makes a provider; nothing is sent yet.
    ///
    /// - Throws: ``GenerationError`` with code `invalidRequest` when the address or the key cannot be used, or
    ///   `outOfMemory` when the system gives no thread.
    public init(_ options: RemoteOptions) throws(GenerationError) {
        try self.init(options, transport: try HTTPTransport())
    }

    /// Makes a provider that shares a transport with others.
    ///
    /// - Throws: as ``init(_:)``.
    package init(_ options: RemoteOptions, transport: HTTPTransport) throws(GenerationError) {
        guard !options.model.isEmpty else { throw .invalid("model", "must not be empty") }
        self.options = options
        self.transport = transport
        origin = try HTTPOrigin(url: options.baseURL)
        _ = try Self.httpRequest(GenerationRequest(prompt: .text("")), options, origin).validate()
    }

    /// The model that is asked for. Chunks carry the name that the server gives.
    public var model: String { options.model }

    /// Sends a request.
    ///
    /// - Returns: the answer's stream, once the server has begun it.
    /// - Throws: ``GenerationError`` when the request is invalid, the server cannot be reached, or refuses: with its
    ///   own words, and its `Retry-After`.
    public func stream(_ request: GenerationRequest) async throws(GenerationError) -> ChunkStream {
        try request.validate()
        if case .jsonSchema(let schema) = request.responseFormat {
            // It goes into the request's JSON as it is.
            _ = try JSONValue(json: schema.utf8, of: "json_schema")
        }
        let answer = RemoteAnswer(
            origin: origin, key: options.apiKey ?? "", choiceCount: request.choiceCount,
            keepsRaw: options.keepsRawBytes, transport: transport)
        let exchange = try transport.start(Self.httpRequest(request, options, origin), receiver: answer)
        return try await withTaskCancellationHandler {
            await answer.beginning()
        } onCancel: {
            exchange.cancel()
        }.get()
    }

    /// Ends what runs, as failed with `shuttingDown`, and closes the connections; a provider that shares the transport
    /// is shut down with it.
    public func shutDown() async { await transport.shutDown() }

    /// What is sent for a request.
    private static func httpRequest(
        _ request: GenerationRequest, _ options: RemoteOptions, _ origin: HTTPOrigin
    ) -> HTTPClientRequest {
        var deadlines = options.deadlines
        deadlines.total = [deadlines.total, request.deadline].compactMap(\.self).min()
        deadlines.content = [deadlines.content, request.idleTimeout].compactMap(\.self).min()
        var wanted = OpenAIRequest(request, model: options.model)
        // Both are kept on this side: other servers refuse a field that they do not know.
        (wanted.generation.deadline, wanted.generation.idleTimeout) = (nil, nil)
        let isNewOpenAI = origin.host == "api.openai.com" && wanted.endpoint == .chatCompletions
        var body: [UInt8] = []
        wanted.append(to: &body, limitName: isNewOpenAI ? .maxCompletionTokens : .maxTokens)

        var headers: HTTPFields = [
            "Content-Type": "application/json", "Accept": "text/event-stream, application/json",
        ]
        if let key = options.apiKey { headers["Authorization"] = "Bearer \(key)" }
        return HTTPClientRequest(
            .post, url(options.baseURL, wanted.endpoint), headers: headers, body: body, deadlines: deadlines)
    }

    /// A route's address: its path follows the base's, before the query.
    private static func url(_ base: String, _ endpoint: OpenAIEndpoint) -> String {
        let query = base.firstIndex(of: "?") ?? base.endIndex
        var path = base[..<query]
        while path.hasSuffix("/") { path.removeLast() }
        return path + endpoint.path + base[query...]
    }
}
