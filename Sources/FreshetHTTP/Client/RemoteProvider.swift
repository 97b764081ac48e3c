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
public struct RemoteProvider: Provider, EmbeddingProvider {
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

    /// Asks for vectors.
    ///
    /// - Throws: ``GenerationError`` when the request is invalid, the server cannot be reached, refuses, or sends what
    ///   is not one vector for each text; with code `cancelled` when the task is cancelled.
    public func embed(_ request: EmbeddingRequest) async throws(GenerationError) -> Embeddings {
        try request.validate()
        var deadlines = options.deadlines
        deadlines.total = [deadlines.total, request.deadline].compactMap(\.self).min()
        var body: [UInt8] = []
        // A quarter of the digits, and nothing of the numbers is lost.
        OpenAIEmbeddingRequest(request, model: options.model, encoding: .base64).append(to: &body)
        let reply = RemoteReply(key: options.apiKey ?? "", limit: Self.embeddingsLimit, transport: transport)
        let exchange = try transport.start(
            Self.post(body, to: OpenAIEmbeddingRequest.path, options, accepting: "application/json", deadlines),
            receiver: reply)
        let whole = await withTaskCancellationHandler {
            await reply.whole()
        } onCancel: {
            exchange.cancel()
        }
        do throws(GenerationError) {
            return try OpenAIEmbeddings.read(try whole.get(), count: request.inputs.count, model: options.model)
        } catch {
            throw error.hiding(options.apiKey ?? "")
        }
    }

    /// The most bytes of a reply with vectors: 2,048 of 3,072 numbers each, written out.
    private static let embeddingsLimit = 128 << 20

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

        return post(
            body, to: wanted.endpoint.path, options, accepting: "text/event-stream, application/json", deadlines)
    }

    /// A request with a JSON body to one of the routes.
    private static func post(
        _ body: [UInt8], to path: String, _ options: RemoteOptions, accepting types: String, _ deadlines: HTTPDeadlines
    ) -> HTTPClientRequest {
        var headers: HTTPFields = ["Content-Type": "application/json", "Accept": types]
        if let key = options.apiKey { headers["Authorization"] = "Bearer \(key)" }
        return HTTPClientRequest(
            .post, url(options.baseURL, path), headers: headers, body: body, deadlines: deadlines)
    }

    /// A route's address: its path follows the base's, before the query.
    private static func url(_ base: String, _ route: String) -> String {
        let query = base.firstIndex(of: "?") ?? base.endIndex
        var path = base[..<query]
        while path.hasSuffix("/") { path.removeLast() }
        return path + route + base[query...]
    }
}
