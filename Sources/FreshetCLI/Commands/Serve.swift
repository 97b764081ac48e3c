import Freshet
import FreshetHTTP

/// `freshet serve`: answers OpenAI's clients over HTTP.
enum Serve {
    /// What can be chosen.
    struct Values {
        var address = ServerAddress()
        var access = ServerAccess()
        var aliases: [String] = []
        var maxTokens = 2048
        var shiftsContext = false
        var speculates = false
        var pingInterval = 15
        var timeout = 30
        var drain = 10
        var logFormat = RequestLogLine.Format.logfmt
        var model = ModelOptions.serving
    }

    static var syntax: Syntax<Values> {
        Syntax(
            name: "serve", summary: "Answer OpenAI's clients over HTTP", defaults: Values(), operand: nil,
            groups: [
                ServerAddress.group.lifted(to: \.address), ServerAccess.group.lifted(to: \.access), requestOptions,
                modelOptions,
            ],
            notes: [
                "Answers POST /v1/chat/completions and /v1/completions, streamed and whole, /v1/embeddings, GET "
                    + "/v1/models, /v1/models/{id} and /health. Requests may also carry llama-server's fields for the sampler: "
                    + "top_k, min_p, repeat_penalty, ignore_eos and so on. Clients are given the base URL with /v1 at its "
                    + "end.",
                "Each generation has its own context of --ctx-size tokens, so memory for the context grows with "
                    + "--parallel. Requests beyond --parallel wait; beyond --queue they are answered with 503 and "
                    + "Retry-After. A client that leaves frees its place at once.",
                "Clients share the machine: a client is a key, or without keys an address, divided further by the user that "
                    + "a request names, and a request's weight, from 1 to 100, asks for a greater part. Both are taken on "
                    + "trust. A request may also have n answers, return_progress, deadline_ms, idle_timeout_ms, "
                    + "context_shift and speculate.",
                "Listens on this machine only. Another address needs a key, or --no-auth.",
                "Standard error gets a line for each request, without what was asked and answered. Ctrl-C or SIGTERM "
                    + "ends the server: running answers may end within --drain seconds, a second signal ends it at once. "
                    + "Exit status: 0 when the answers had their time, 1 failed, 2 wrong usage, 130, 129 or 143 after "
                    + "Ctrl-C, hang-up or SIGTERM while the model was being loaded, or a second one later.",
            ])
    }

    private static var requestOptions: OptionGroup<Values> {
        OptionGroup(
            title: "Requests",
            options: [
                .integer(
                    "-n", "--predict", "--n-predict", in: -1...Int.max, path: \.maxTokens,
                    help: "the most tokens of an answer whose request names no limit; -1 goes on to the end of the "
                        + "context"),
                .flag(
                    "--context-shift", path: \.shiftsContext,
                    help:
                        "let answers go on at the end of the context, with the older half of the text forgotten, where "
                        + "the request does not say"),
                .flag(
                    "--speculate", path: \.speculates,
                    help:
                        "compute several tokens of an answer at a time where it repeats the prompt or itself, where the "
                        + "request does not say"),
                .integer(
                    "--sse-ping-interval", placeholder: "SECONDS", in: -1...86_400, path: \.pingInterval,
                    help: "send a comment where a stream has been silent this long, so that nobody takes it for dead; "
                        + "-1 sends none"),
                .integer(
                    "-to", "--timeout", placeholder: "SECONDS", in: 1...86_400, path: \.timeout,
                    help: "cut off a client that takes next to nothing of its answer for this long"),
                .integer(
                    "--drain", placeholder: "SECONDS", in: 0...86_400, path: \.drain,
                    help: "how long running answers may go on when the server is asked to end"),
                .choice("--log-format", path: \.logFormat, help: "how the log's lines are written"),
            ])
    }

    private static var modelOptions: OptionGroup<Values> {
        var group = ModelOptions.localGroup.lifted(to: \Values.model)
        group.options.insert(contentsOf: ModelOptions.servingOptions.map { $0.lifted(to: \.model) }, at: 1)
        group.options.insert(
            .text(
                "-a", "--alias", placeholder: "NAME,…",
                help: "the names that clients may give as the model; without any, the model's own name and its file's",
                set: { (values: inout Values, text: String, name: String) throws(UsageError) in
                    values.aliases = try [String](list: text, of: "names", for: name)
                    values.model.name = values.aliases.first
                }), at: 1)
        return group
    }

    static func run(_ values: Values, console: Console) async throws {
        OpenFileLimit.raise()
        let keys = try values.access.keys(signals: console.signals)
        try values.access.check(values.address, hasKeys: !keys.isEmpty)
        let log = try LogWriter(to: console.errors)
        let models = ServedModels()
        let service = InferenceService(models, options: try values.serviceOptions(keys: keys)) { line in
            log.write(line.text(values.logFormat))
        }
        let server = try listen(values.serverOptions(service), service)
        let model = try await Composition.loadServed(values.model, names: values.aliases, console: console)
        models.publish(model.registry)
        let end = ThreadEnd()
        // Beside the answers' own time, some for their last words and for the model to be freed.
        console.signals.grantTime(.seconds(values.drain + 10))
        let url = values.address.url(address: server.address, port: server.port)
        log.write("Listening on \(url) with the model \(model.name.printableLine.quoted); Ctrl-C ends.")
        await console.signals.stopping(with: end.signal) { await end.wait() }
        log.write("Ending: running answers have \(values.drain) seconds.")
        await server.shutDown(within: .seconds(values.drain))
        await model.shutDown()
        await log.close()
    }
}

extension Serve {
    /// Begins to listen, before a model is loaded for minutes: the address may be taken.
    private static func listen(_ options: HTTPServerOptions, _ service: InferenceService) throws(Exit) -> HTTPServer {
        do throws(GenerationError) {
            return try HTTPServer.start(options) { await service.respond(to: $0) }
        } catch {
            // What the system refuses is no wrong usage.
            throw .failed(error.message)
        }
    }
}

extension Serve.Values {
    /// What the service is to do.
    fileprivate func serviceOptions(keys: [String]) throws -> InferenceService.Options {
        var options = InferenceService.Options(authenticator: try Authenticator(keys: keys))
        options.crossOrigin = CrossOrigin(origins: access.corsOrigins)
        if keys.isEmpty, !access.isOpen { options.hosts = .local(orNamed: address.host) }
        options.maxTokens = maxTokens < 0 ? nil : maxTokens
        options.shiftsContext = shiftsContext
        options.speculates = speculates || model.draftPath != nil
        options.pingInterval = pingInterval < 1 ? nil : .seconds(pingInterval)
        return options
    }

    /// How the server under it is set up.
    fileprivate func serverOptions(_ service: InferenceService) -> HTTPServerOptions {
        var options = HTTPServerOptions()
        options.host = address.host
        options.port = UInt16(address.port)  // Its option takes no other numbers.
        options.limits.stallTime = .seconds(timeout)
        options.errorResponse = { service.response(to: $0) }
        return options
    }
}

extension [String] {
    /// The words of a list with commas between them.
    ///
    /// - Throws: ``UsageError`` for an empty one.
    init(list text: String, of things: String, for name: String) throws(UsageError) {
        self = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !contains("") else {
            throw UsageError(message: "\(name) needs \(things) with a comma between them, but got \(text.quoted).")
        }
    }
}
