/// The models that a program serves, each under one or more names.
///
/// ```swift
/// var registry = ProviderRegistry()
/// try registry.add(provider, names: ["tiny", "tiny-1b"])
/// let stream = try await registry.provider(named: "tiny-1b").stream(request)
/// ```
public struct ProviderRegistry: Sendable {
    private struct Entry: Sendable {
        var name: String
        var provider: (any Provider)?
        var embedder: (any EmbeddingProvider)?
    }

    private var entries: [Entry] = []

    /// A registry that serves nothing.
    public init() {}

    /// Every name, in the order in which they were added.
    public var names: [String] { entries.map(\.name) }

    /// Adds a provider, which also embeds where it is an ``EmbeddingProvider``. The first that is added also answers
    /// requests that name no model.
    ///
    /// - Parameter names: what clients may call it, compared exactly; without any, the name that its chunks carry.
    /// - Throws: ``GenerationError`` with code `invalidRequest` for an empty name, or one that is taken; nothing is
    ///   added then.
    public mutating func add(_ provider: any Provider, names: [String] = []) throws(GenerationError) {
        try add(names.isEmpty ? [provider.model] : names, provider, provider as? any EmbeddingProvider)
    }

    /// Adds a model that embeds and generates no text. The first of those that embed also answers requests for vectors
    /// that name no model.
    ///
    /// - Parameter names: what clients may call it, compared exactly; without any, the name that its vectors carry.
    /// - Throws: as ``add(_:names:)``.
    public mutating func add(embedder: any EmbeddingProvider, names: [String] = []) throws(GenerationError) {
        try add(names.isEmpty ? [embedder.model] : names, nil, embedder)
    }

    private mutating func add(
        _ names: [String], _ provider: (any Provider)?, _ embedder: (any EmbeddingProvider)?
    ) throws(GenerationError) {
        var added: [Entry] = []
        for name in names {
            guard !name.isEmpty else { throw .invalid("alias", "must not be empty") }
            guard !(entries + added).contains(where: { $0.name == name }) else {
                throw .invalid("alias", "“\(name)” is given twice")
            }
            added.append(Entry(name: name, provider: provider, embedder: embedder))
        }
        entries += added
    }

    /// The provider of that name, or the first of all where there is no name, or an empty one.
    ///
    /// - Throws: ``GenerationError`` with code `modelNotFound`, whose sentence lists the names that there are, or
    ///   `invalidRequest` for a model that only embeds.
    public func provider(named name: String?) throws(GenerationError) -> any Provider {
        try find(name, \.provider, lacks: "generates no text: it computes embeddings")
    }

    /// What embeds under that name, or the first that does where there is no name, or an empty one.
    ///
    /// - Throws: ``GenerationError`` with code `modelNotFound`, or `invalidRequest` for a model that does not embed.
    public func embedder(named name: String?) throws(GenerationError) -> any EmbeddingProvider {
        try find(name, \.embedder, lacks: "computes no embeddings")
    }

    private func find<Value>(
        _ name: String?, _ path: KeyPath<Entry, Value?>, lacks: String
    ) throws(GenerationError) -> Value {
        // A client may send anything as a name.
        let asked = (name ?? "").prefix(100)
        if let name, !name.isEmpty {
            if let entry = entries.first(where: { $0.name == name }) {
                if let value = entry[keyPath: path] { return value }
                throw GenerationError(.invalidRequest, "The model “\(asked)” \(lacks).", parameter: "model")
            }
        } else if let value = entries.lazy.compactMap({ $0[keyPath: path] }).first {
            return value
        } else if let first = entries.first {
            throw GenerationError(.invalidRequest, "The model “\(first.name)” \(lacks).", parameter: "model")
        }
        let known = names.map { "“\($0)”" }.joined(separator: ", ")
        throw GenerationError(
            .modelNotFound,
            names.isEmpty ? "No model is served." : "There is no model “\(asked)”; there is \(known).",
            parameter: "model")
    }
}
