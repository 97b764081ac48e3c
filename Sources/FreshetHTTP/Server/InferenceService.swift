internal import Freshet

/// What the server is: requests in, responses out, without a socket.
package struct InferenceService: Sendable {
    /// What can be chosen.
    package struct Options: Sendable {
        /// Who may ask.
        package var authenticator: Authenticator
        /// Which pages of other origins may read the answers.
        package var crossOrigin = CrossOrigin()
        /// Which names the server may be called by.
        package var hosts = HostGuard.open
        /// The most tokens of an answer whose request names no limit; `nil` goes on to the end of the context.
        package var maxTokens: Int?
        /// Whether an answer goes on at the end of the context where its request does not say.
        package var shiftsContext = false
        /// Whether an answer may be computed several tokens at a time where its request does not say.
        package var speculates = false
        /// How long a stream may be silent: then a comment is sent. `nil` sends none.
        package var pingInterval: Duration? = .seconds(15)

        /// The defaults, for those who hold a key.
        package init(authenticator: Authenticator) { self.authenticator = authenticator }
    }

    private let options: Options
    private let log: @Sendable (RequestLogLine) -> Void
    private let router: Router<any Route>

    /// A service for these models. `log` gets a line for every request, when its response is over; it must
    /// not wait.
    package init(_ models: ServedModels, options: Options, log: @escaping @Sendable (RequestLogLine) -> Void) {
        self.options = options
        self.log = log
        var router = Router<any Route>()
        let list = ModelsRoute(models)
        let bodies = RequestBodies()
        func generation(_ endpoint: OpenAIEndpoint) -> GenerationRoute {
            GenerationRoute(endpoint, models, options, bodies: bodies)
        }
        router.add("GET", "/health", HealthRoute(models))
        // llama-server has these without the version too, but not /completions, which is another dialect there.
        for prefix in ["/v1", ""] {
            router.add("GET", prefix + "/models", list)
            router.add("GET", prefix + "/models/{id}", list)
            router.add("POST", prefix + "/chat/completions", generation(.chatCompletions))
        }
        router.add("POST", "/v1/completions", generation(.completions))
        // Without the version llama-server has another dialect here too.
        router.add("POST", "/v1" + OpenAIEmbeddingRequest.path, EmbeddingsRoute(models, bodies: bodies))
        self.router = router
    }

    /// Answers a request.
    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let record = RequestRecord(peer: request.peer, method: request.method, path: request.path)
        var response: HTTPResponse
        do throws(GenerationError) {
            response = try await answer(request, record: record)
        } catch {
            record.note(error)
            response = ErrorResponse.make(ErrorResponse.toldOf(error))
        }
        response.fields.all += options.crossOrigin.fields(for: request.fields["Origin"])
        return finished(response, record: record)
    }

    /// The response for what the server refused by itself.
    package func response(to refusal: HTTPRefusal) -> HTTPResponse {
        var error = GenerationError(refusal.code, refusal.message)
        if error.code == .overloaded { error.retryAfter = .seconds(1) }
        let record = RequestRecord(peer: refusal.peer, method: "", path: "")
        record.note(error)
        return finished(ErrorResponse.make(error, status: refusal.status), record: record)
    }

    private func finished(_ response: HTTPResponse, record: RequestRecord) -> HTTPResponse {
        var response = response
        response.fields["x-request-id"] = record.id
        let status = response.status
        response.onEnd = { [log] outcome in log(record.line(status: status, outcome: outcome)) }
        return response
    }

    private func answer(
        _ request: HTTPRequest, record: RequestRecord
    ) async throws(GenerationError) -> HTTPResponse {
        try options.hosts.check(request.fields["Host"])
        switch router.match(method: request.method, path: request.path) {
        case .notFound:
            throw GenerationError(.notFound, "There is nothing at this path; the API begins at /v1.")
        case .methodNotAllowed(let methods):
            // A preflight comes without a key.
            if let response = options.crossOrigin.preflight(request, methods: methods) { return response }
            let error = GenerationError(
                .methodNotAllowed, "This path takes \(methods.joined(separator: ", ")).")
            record.note(error)
            var response = ErrorResponse.make(error)
            response.fields["Allow"] = methods.joined(separator: ", ")
            return response
        case .found(let route, let parameter):
            let key =
                route.asksForKey ? try options.authenticator.check(request.fields.values(of: "Authorization")) : nil
            return try await route.respond(
                to: RouteCall(
                    request: request, caller: key.map { "key \($0)" } ?? request.peer, parameter: parameter,
                    record: record))
        }
    }
}
