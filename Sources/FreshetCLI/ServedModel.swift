import Freshet
import FreshetHTTP
import FreshetLlama

// What embeds, and what a server serves: a model may do the one without the other.
extension Composition {
    /// A loaded model as a server needs it.
    struct ServedModel {
        /// The name that its answers carry.
        var name: String
        /// The model under its names.
        var registry: ProviderRegistry
        /// Ends what still runs, and frees the model.
        var shutDown: @Sendable () async -> Void
    }

    /// Loads a model for a server: one that generates, and embeds too, or one that can only embed.
    ///
    /// - Parameter names: what clients may call it; without any, its own name and its file's.
    /// - Throws: like ``loadModel(_:console:)``.
    static func loadServed(_ options: ModelOptions, names: [String], console: Console) async throws -> ServedModel {
        var registry = ProviderRegistry()
        if let path = options.path, try GGUFFile(path: path).isEncoder {
            let embedder = try await loadEmbedder(options, console: console)
            try registry.add(
                embedder: embedder, names: names.isEmpty ? self.names(embedder.model, path: path) : names)
            return ServedModel(name: embedder.model, registry: registry, shutDown: embedder.shutDown)
        }
        let model = try await loadModel(options, console: console)
        try registry.add(model.provider, names: names.isEmpty ? model.names : names)
        return ServedModel(name: model.provider.model, registry: registry, shutDown: model.shutDown)
    }

    /// Lets `body` use what embeds, on this machine or at a server, and then shuts it down.
    ///
    /// - Throws: like ``loadModel(_:console:)``, and what `body` throws.
    static func withEmbedder(
        _ source: ModelSource, console: Console, _ body: (any EmbeddingProvider) async throws -> Void
    ) async throws {
        if let remote = try source.remote(environment: environment) {
            let provider = try RemoteProvider(
                RemoteOptions(baseURL: remote.baseURL, model: remote.name, apiKey: remote.key))
            return try await body(provider)
        }
        let embedder = try await loadEmbedder(source.model, console: console)
        do {
            try await body(embedder)
        } catch {
            await embedder.shutDown()
            throw error
        }
        await embedder.shutDown()
    }

    private static func loadEmbedder(_ options: ModelOptions, console: Console) async throws -> LlamaEmbedder {
        try await load(options, console: console) { llama, progress async throws(GenerationError) in
            try await LlamaEmbedder.load(llama, progress: progress)
        }.loaded
    }
}
