internal import Freshet

/// `POST /v1/chat/completions` and `POST /v1/completions`: text, streamed or whole.
///
/// The engine divides its time among clients, and a client is who called, by its key or without keys by its address,
/// with the `user` whom the request names: `key 2/alice`. So a program that serves many people with one key can have
/// them treated as different clients. Nobody checks the name, nor the request's `weight`: whoever may call is trusted
/// not to take a greater share than is due, by naming many users or a great weight. Callers who cannot be trusted with
/// that belong behind a proxy that sets both fields.
struct GenerationRoute: Route {
    private let endpoint: OpenAIEndpoint
    private let models: ServedModels
    private let options: InferenceService.Options
    private let bodies: RequestBodies

    /// The route to one of the two addresses.
    init(_ endpoint: OpenAIEndpoint, _ models: ServedModels, _ options: InferenceService.Options, bodies: RequestBodies)
    {
        self.endpoint = endpoint
        self.models = models
        self.options = options
        self.bodies = bodies
    }

    func respond(to call: RouteCall) async throws(GenerationError) -> HTTPResponse {
        let (stream, encoder) = try await begin(call)
        guard let encoder else { return try await whole(stream, call.record) }
        let answer = StreamedAnswer(stream, encoder: encoder, pings: options.pingInterval, record: call.record)
        try await answer.begin()
        return HTTPResponse(
            // No cache may keep it, and no proxy hold it back.
            fields: [
                "Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no",
            ], body: .stream { try await answer.write(to: $0) })
    }

    /// The stream of the answer, and what writes its chunks to the wire; `nil` where the answer is asked for whole. The
    /// request itself, which may be large, is let go.
    private func begin(_ call: RouteCall) async throws(GenerationError) -> (ChunkStream, OpenAIChunkEncoder?) {
        try await bodies.read(call.request) { body throws(GenerationError) in
            try read(body)
        } then: { request async throws(GenerationError) in
            try await begin(request, call)
        }
    }

    private func begin(
        _ request: OpenAIRequest, _ call: RouteCall
    ) async throws(GenerationError) -> (ChunkStream, OpenAIChunkEncoder?) {
        call.record.note(model: request.model ?? "", isStreamed: request.streams)
        let provider = try models.registry().provider(named: request.model)
        call.record.note(model: provider.model, isStreamed: request.streams)
        var generation = request.generation
        generation.client = call.client(named: generation.client)
        let encoder = OpenAIChunkEncoder(for: endpoint, includesUsage: request.includesUsage)
        do throws(GenerationError) {
            return (try await provider.stream(generation), request.streams ? encoder : nil)
        } catch {
            throw request.naming(error)
        }
    }

    private func read(_ body: [UInt8]) throws(GenerationError) -> OpenAIRequest {
        let defaults = GenerationRequest(
            prompt: .tokens([]), maxTokens: options.maxTokens, shiftsContext: options.shiftsContext,
            speculates: options.speculates)
        return try OpenAIRequest(body: body, at: endpoint, defaults: defaults)
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
}
