import Freshet
import FreshetBench
import FreshetHTTP
import FreshetLlama
import Glibc

/// Puts the parts together: the only file that knows where answers come from.
enum Composition {
    /// What a command needs of a model.
    struct Model {
        /// Answers requests.
        var provider: any Provider
        /// The names that clients of a server may call it by: its own, and its file's.
        var names: [String]
        /// The most tokens of prompt and answer together; `nil` where a server does not say.
        var contextLength: Int?
        /// How long loading took; `nil` where nothing was loaded.
        var loading: Duration?
        /// Whether a request may ask for progress through the prompt.
        var reportsProgress = true
        /// What a benchmark's report says of it.
        var side: Side
        /// What can be measured only of a model in this process; `nil` for one at a server.
        var instruments: Instruments?
        /// Opens it anew for a benchmark; `nil` for one at a server.
        var reopen: Contender.Reopening?
        /// Keeps computed conversations in files; `nil` for a model at a server.
        var states: ConversationStates?
        /// Ends what still runs, and frees the model.
        var shutDown: @Sendable () async -> Void
    }

    /// Lets `body` use the model that a person chose, on this machine or at a server, and then shuts it down: what it
    /// has computed may have yet to be written to a folder.
    ///
    /// - Throws: like ``loadModel(_:console:)``, and what `body` throws.
    static func withModel(
        _ source: ModelSource, console: Console, _ body: (Model) async throws -> Void
    ) async throws {
        let model = try await openModel(source, console: console)
        // The process ends after this, and the system takes a model's memory back in one go. Freed word by word, a
        // vocabulary takes a tenth of the time in which a model is loaded and gives a token.
        if let provider = model.provider as? LlamaProvider { _ = Unmanaged.passRetained(provider) }
        try await ending(with: model.shutDown) { try await body(model) }
    }

    /// Does something, and whatever becomes of it, something else at the end.
    static func ending(with end: () async -> Void, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            await end()
            throw error
        }
        await end()
    }

    /// Opens the model that a person chose, on this machine or at a server. Nothing is sent to a server yet.
    private static func openModel(_ source: ModelSource, console: Console) async throws -> Model {
        guard let remote = try source.remote(environment: environment) else {
            return try await loadModel(source.model, console: console)
        }
        let provider = try RemoteProvider(
            RemoteOptions(baseURL: remote.baseURL, model: remote.name, apiKey: remote.key))
        let origin = try HTTPOrigin(url: remote.baseURL)
        // Progress is a field of llama.cpp's, which a provider on the internet may refuse.
        return Model(
            provider: provider, names: [provider.model], reportsProgress: origin.isLoopback,
            side: side(of: provider, at: origin), shutDown: provider.shutDown)
    }

    /// Loads the model that a person chose, with a bar while that takes long.
    ///
    /// - Throws: ``Exit`` or `GenerationError` that says why it cannot be used, or that a signal came; ``UsageError``
    ///   for options that contradict one another.
    static func loadModel(_ options: ModelOptions, console: Console) async throws -> Model {
        let start = ContinuousClock.now
        let (provider, llama) = try await load(options, console: console) {
            llama, progress async throws(GenerationError) in
            try await LlamaProvider.load(llama, progress: progress)
        }
        return Model(
            provider: provider, names: names(provider.model, path: llama.modelPath),
            contextLength: provider.contextLength, loading: ContinuousClock.now - start,
            side: side(of: provider, file: file(of: llama.modelPath), options: llama),
            instruments: instruments(of: provider, options: llama),
            reopen: reopening(llama), states: ConversationStates(provider),
            shutDown: provider.shutDown)
    }

    /// Loads the file that a person chose, with a bar while that takes long.
    ///
    /// - Throws: as ``loadModel(_:console:)``.
    static func load<Loaded>(
        _ options: ModelOptions, console: Console,
        _ load: (LlamaOptions, @escaping @Sendable (Double) -> Bool) async throws(GenerationError) -> Loaded
    ) async throws -> (loaded: Loaded, options: LlamaOptions) {
        var llama = try options.llamaOptions(path: try path(of: options))
        if let file = options.templateFile {
            llama.load.chatTemplate = try Input.readText(file: file, signals: console.signals)
        }
        showLog(options, console: console)
        ModelProfile.apply(options, to: &llama, console: console)
        do throws(GenerationError) {
            return (
                try await withProgress("Loading the model", console) { [llama] progress async throws(GenerationError) in
                    try await load(llama, progress)
                }, llama
            )
        } catch {
            if error.code == .invalidRequest { throw UsageError(error) }
            throw error
        }
    }

    /// The names that clients may call a model by: its own, and its file's.
    static func names(_ name: String, path: String) -> [String] {
        let file = file(of: path)
        let stem = file.hasSuffix(".gguf") ? String(file.dropLast(5)) : file
        return [name] + (stem == name ? [] : [stem])
    }

    private static func file(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Loads no more of a model than its tokenizer.
    ///
    /// - Throws: like ``loadModel(_:console:)``.
    static func loadVocabulary(_ options: ModelOptions, console: Console) async throws -> Vocabulary {
        let path = try path(of: options)
        var load = LlamaModel.LoadOptions()
        load.isVocabularyOnly = true
        showLog(options, console: console)
        return try await withProgress("Loading the model", console) { progress throws(GenerationError) in
            try LlamaModel(path: path, options: load, progress: progress)
        }.vocabulary
    }

    /// A variable of the environment, where it is set.
    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// The file that a person chose, or the embedded model's.
    private static func path(of options: ModelOptions) throws(Exit) -> String {
        if let path = options.path { return path }
        return try EmbeddedModel.find()
    }

    private static func showLog(_ options: ModelOptions, console: Console) {
        guard options.isVerbose else { return }
        LlamaLog.send { line in console.note(line.text) }
    }

    /// Does work that takes a while, with a bar while it does. What the work reports is answered with `false` once a
    /// signal has come.
    static func withProgress<Result>(
        _ label: String, _ console: Console,
        work: (@escaping @Sendable (Double) -> Bool) async throws(GenerationError) -> Result
    ) async throws(GenerationError) -> Result {
        let bar = ProgressBar(label, on: console.errors)
        defer { bar.finish() }
        return try await work { fraction in
            bar.show(fraction)
            return console.signals.received == nil
        }
    }
}
