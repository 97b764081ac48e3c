internal import Freshet

/// `POST /v1/chat/completions` and `POST /v1/completions`: text, streamed or whole.
struct GenerationRoute: Route {
    private let endpoint: OpenAIEndpoint
    private let models: ServedModels
    private let options: InferenceService.Options

    /// The route to one of the two addresses.
    init(_ endpoint: OpenAIEndpoint, _ models: ServedModels, _ options: InferenceService.Options) {
        self.endpoint = endpoint
        self.models = models
        self.options = options
    }

    func respond(to call: RouteCall) async throws(GenerationError) -> HTTPResponse {
        try checkContentType(call.request.fields["Content-Type"])
        var request = try OpenAIRequest(body: call.request.body, at: endpoint)
        call.record.note(model: request.model ?? "", isStreamed: request.streams)
        let provider = try models.registry().provider(named: request.model)
        call.record.note(model: provider.model, isStreamed: request.streams)
        request.generation.maxTokens = request.generation.maxTokens ?? options.maxTokens
        let stream = try await provider.stream(request.generation)
        guard request.streams else { return try await whole(stream, call.record) }
        let answer = StreamedAnswer(
            stream, encoder: OpenAIChunkEncoder(for: endpoint, includesUsage: request.includesUsage),
            pings: options.pingInterval, record: call.record)
        try await answer.begin()
        return HTTPResponse(
            // No cache may keep it, and no proxy hold it back.
            fields: [
                "Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no",
            ], body: .stream { try await answer.write(to: $0) })
    }

    /// The whole answer: the fold of the stream.
    private func whole(_ stream: ChunkStream, _ record: RequestRecord) async throws(GenerationError) -> HTTPResponse {
        let reply: Reply
        do throws(GenerationError) {
            reply = try await stream.collect()
        } catch {
            record.note(error.partial ?? Reply())
            throw error
        }
        record.note(reply)
        var body: [UInt8] = []
        OpenAIReply.append(reply, for: endpoint, to: &body)
        return .json(body)
    }

    /// Refuses what is said to be something else than JSON: forms, and text, which a page of another origin could send
    /// to a local server without asking.
    private func checkContentType(_ field: String?) throws(GenerationError) {
        guard let type = field?.mediaType, type != "application/json" else { return }
        throw GenerationError(
            .unsupportedMediaType, "The request's body must be JSON, sent with “Content-Type: application/json”.")
    }
}
