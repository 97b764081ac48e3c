internal import Freshet

/// `GET /health`: whether the server is ready; 503 while its model is being loaded. It needs no key, as llama-server's.
/// While the server shuts down it takes no request at all.
struct HealthRoute: Route {
    private let models: ServedModels

    init(_ models: ServedModels) { self.models = models }

    var asksForKey: Bool { false }

    func respond(to call: RouteCall) async throws(GenerationError) -> HTTPResponse {
        _ = try models.registry()
        return .json(Array(#"{"status":"ok"}"#.utf8))
    }
}
