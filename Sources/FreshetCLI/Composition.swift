import Freshet
import FreshetLlama

/// Puts the parts together: the only file that knows where answers come from.
enum Composition {
    /// What a command needs of a loaded model.
    struct Model {
        /// Answers requests.
        var provider: any Provider
        /// The names that clients of a server may call it by: its own, and its file's.
        var names: [String]
        /// The most tokens of prompt and answer together.
        var contextLength: Int
        /// How long loading took.
        var loading: Duration
        /// Ends what still runs, and frees the model.
        var shutDown: @Sendable () async -> Void
    }

    /// Loads the model that a person chose, with a bar while that takes long.
    ///
    /// - Throws: ``Exit`` or `GenerationError` that says why it cannot be used, or that a signal came.
    static func loadModel(_ options: ModelOptions, console: Console) async throws -> Model {
        let path = try path(of: options)
        var llama = LlamaOptions(modelPath: path)
        llama.name = options.name
        llama.contextLength = options.contextLength < 0 ? nil : options.contextLength
        llama.threads = options.threads < 1 ? nil : options.threads
        llama.batchThreads = options.batchThreads < 1 ? nil : options.batchThreads
        llama.batchSize = options.batchSize
        llama.slotCount = options.slotCount
        llama.queueCapacity = options.queueCapacity
        llama.load.usesMemoryMap = options.usesMemoryMap
        llama.load.usesBLAS = options.usesBLAS
        showLog(options, console: console)
        let start = ContinuousClock.now
        let provider = try await withProgress(console) { progress async throws(GenerationError) in
            try await LlamaProvider.load(llama, progress: progress)
        }
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let stem = file.hasSuffix(".gguf") ? String(file.dropLast(5)) : file
        return Model(
            provider: provider, names: [provider.model] + (stem == provider.model ? [] : [stem]),
            contextLength: provider.contextLength, loading: ContinuousClock.now - start, shutDown: provider.shutDown)
    }

    /// Loads no more of a model than its tokenizer.
    ///
    /// - Throws: like ``loadModel(_:console:)``.
    static func loadVocabulary(_ options: ModelOptions, console: Console) async throws -> Vocabulary {
        let path = try path(of: options)
        var load = LlamaModel.LoadOptions()
        load.isVocabularyOnly = true
        showLog(options, console: console)
        return try await withProgress(console) { progress throws(GenerationError) in
            try LlamaModel(path: path, options: load, progress: progress)
        }.vocabulary
    }

    /// The file that a person chose, or the embedded model's.
    private static func path(of options: ModelOptions) throws(Exit) -> String {
        if let path = options.path { return path }
        return try EmbeddedModel.find()
    }

    private static func showLog(_ options: ModelOptions, console: Console) {
        guard options.isVerbose else { return }
        LlamaLog.send { line in console.note(line.text) }
    }

    private static func withProgress<Loaded>(
        _ console: Console,
        load: (@escaping @Sendable (Double) -> Bool) async throws(GenerationError) -> Loaded
    ) async throws(GenerationError) -> Loaded {
        let bar = ProgressBar("Loading the model", on: console.errors)
        defer { bar.finish() }
        return try await load { fraction in
            bar.show(fraction)
            return console.signals.received == nil
        }
    }
}
