internal import FoundationEssentials
internal import Freshet

/// `GET /v1/models`, the names of all models, and `GET /v1/models/{id}`, one of them.
struct ModelsRoute: Route {
    private let models: ServedModels
    /// In whole seconds since 1970: when the models were made is not known, so when they began to be served.
    private let created = Int(Date().timeIntervalSince1970)

    init(_ models: ServedModels) { self.models = models }

    func respond(to call: RouteCall) async throws(GenerationError) -> HTTPResponse {
        let registry = try models.registry()
        var body: [UInt8] = []
        if let name = call.parameter {
            _ = try registry.provider(named: name)
            append(name, to: &body)
        } else {
            body.append(literal: #"{"object":"list","data":"#)
            body.appendList(registry.names) { append($1, to: &$0) }
            body.append(literal: "}")
        }
        return .json(body)
    }

    private func append(_ name: String, to body: inout [UInt8]) {
        body.append(literal: #"{"id":"#)
        body.append(json: name)
        body.append(literal: #","object":"model","created":"#)
        body.append(json: created)
        body.append(literal: #","owned_by":"freshet"}"#)
    }
}
