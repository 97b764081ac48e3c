/// The models that a program serves, each under one or more names.
///
/// ```swift
/// var registry = ProviderRegistry()
/// try registry.add(provider, names: ["tiny", "tiny-1b"])
/// let stream = try await registry.provider(named: "tiny-1b").stream(request)
/// ```
public struct ProviderRegistry: Sendable {
    private var entries: [(name: String, provider: any Provider)] = []

    /// A registry that serves nothing.
    public init() {}

    /// Every name, in the order in which they were added.
    public var names: [String] { entries.map(\.name) }

    /// Adds a provider. The first that is added also answers requests that name no model.
    ///
    /// - Parameter names: what clients may call it, compared exactly; without any, the name that its chunks carry.
    /// - Throws: ``GenerationError`` with code `invalidRequest` for an empty name, or one that is taken; nothing is
    ///   added then.
    public mutating func add(_ provider: any Provider, names: [String] = []) throws(GenerationError) {
        var added: [(name: String, provider: any Provider)] = []
        for name in names.isEmpty ? [provider.model] : names {
            guard !name.isEmpty else { throw .invalid("alias", "must not be empty") }
            guard !(entries + added).contains(where: { $0.name == name }) else {
                throw .invalid("alias", "“\(name)” is given twice")
            }
            added.append((name, provider))
        }
        entries += added
    }

    /// The provider of that name, or the first of all where there is no name, or an empty one.
    ///
    /// - Throws: ``GenerationError`` with code `modelNotFound`, whose sentence lists the names that there are.
    public func provider(named name: String?) throws(GenerationError) -> any Provider {
        let entry = if let name, !name.isEmpty { entries.first { $0.name == name } } else { entries.first }
        if let entry { return entry.provider }
        let known = names.map { "“\($0)”" }.joined(separator: ", ")
        // A client may send anything as a name.
        let asked = (name ?? "").prefix(100)
        throw GenerationError(
            .modelNotFound,
            names.isEmpty ? "No model is served." : "There is no model “\(asked)”; there is \(known).",
            parameter: "model")
    }
}
