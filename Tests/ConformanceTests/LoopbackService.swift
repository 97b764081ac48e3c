import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

@testable import FreshetHTTP

/// The embedded model behind our own server on a port of this machine, and our own client in front of it.
struct LoopbackService {
    let local: LlamaProvider
    let remote: RemoteProvider
    private let server: HTTPServer

    /// Starts everything. The model has an engine of its own.
    static func start(_ options: LlamaOptions = .embedded) async throws -> LoopbackService {
        let local = try await LlamaProvider.load(options)
        var registry = ProviderRegistry()
        try registry.add(local)
        let models = ServedModels()
        models.publish(registry)
        let service = InferenceService(models, options: .init(authenticator: try Authenticator(keys: []))) { _ in }
        var serverOptions = HTTPServerOptions()
        serverOptions.port = 0
        serverOptions.errorResponse = { service.response(to: $0) }
        let server = try HTTPServer.start(serverOptions) { await service.respond(to: $0) }
        let remote = try RemoteProvider(
            RemoteOptions(baseURL: "http://127.0.0.1:\(server.port)/v1", model: local.model))
        return LoopbackService(local: local, remote: remote, server: server)
    }

    /// What the server answers when no stream is asked for: the reply of its one JSON text.
    func whole(_ request: GenerationRequest) async throws -> Reply {
        let wire = OpenAIRequest(request, model: local.model, streams: false)
        var body: [UInt8] = []
        wire.append(to: &body)
        let text = #"{"stream": false, "# + String(decoding: body.dropFirst(), as: UTF8.self)
        let response = try await RawClient.talk(to: UInt16(server.port)) { client in
            try client.post(text, to: "/v1" + wire.endpoint.path)
            return try client.readResponse()
        }
        #expect(response.header.hasPrefix("HTTP/1.1 200") && response.header.contains("application/json"))
        var reply = Reply()
        for chunk in try OpenAIReply.chunks(of: response.body.utf8) { reply.append(chunk) }
        return reply
    }

    /// Ends everything.
    func stop() async {
        await remote.shutDown()
        await server.shutDown(within: .seconds(1))
        await local.shutDown()
    }
}

extension LlamaOptions {
    /// The embedded model.
    static var embedded: LlamaOptions { LlamaOptions(modelPath: EmbeddedModel.path) }
}

/// What a provider made of a request, without what may differ between two streams of the same answer: their identifier,
/// their date and their timings, how several choices take turns, and the last bits of log-probabilities, which depend on
/// what was computed beside them.
enum Outcome: Equatable {
    case chunks([Chunk])
    case failure(GenerationError.Code, String, parameter: String?, partial: String?)

    /// Asks the provider and reads to the end.
    static func of(_ provider: any Provider, _ request: GenerationRequest) async -> Outcome {
        var chunks: [Chunk] = []
        do throws(GenerationError) {
            for try await chunk in try await provider.stream(request) { chunks.append(chunk.withoutOccasion) }
        } catch {
            return .failure(error.code, error.message, parameter: error.parameter, partial: error.partial?.text)
        }
        return .chunks((0..<request.choiceCount).flatMap { index in chunks.filter { $0.index == index } })
    }
}

extension Chunk {
    fileprivate var withoutOccasion: Chunk {
        var chunk = self
        (chunk.id, chunk.created) = ("", 0)
        if case .end(let usage, .some) = content { chunk.content = .end(usage, nil) }
        if case .logProbabilities(let entries) = content {
            chunk.content = .logProbabilities(entries.map(\.withoutLogarithms))
        }
        return chunk
    }
}
