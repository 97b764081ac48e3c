internal import Freshet

/// `POST /v1/embeddings`: vectors that stand for texts.
struct EmbeddingsRoute: Route {
    private let models: ServedModels
    private let bodies: RequestBodies

    init(_ models: ServedModels, bodies: RequestBodies) { (self.models, self.bodies) = (models, bodies) }

    func respond(to call: RouteCall) async throws(GenerationError) -> HTTPResponse {
        try await bodies.read(call.request) { body throws(GenerationError) in
            try OpenAIEmbeddingRequest(body: body)
        } then: { request async throws(GenerationError) in
            try await answer(request, call)
        }
    }

    private func answer(
        _ request: OpenAIEmbeddingRequest, _ call: RouteCall
    ) async throws(GenerationError) -> HTTPResponse {
        call.record.note(model: request.model ?? "")
        let embedder = try models.registry().embedder(named: request.model)
        call.record.note(model: embedder.model)
        var embedding = request.embedding
        embedding.client = call.client(named: embedding.client)
        let result = try await embedder.embed(embedding)
        call.record.note(result.usage)
        var body: [UInt8] = []
        OpenAIEmbeddings.append(result, encoding: request.encoding, to: &body)
        return .json(body)
    }
}
