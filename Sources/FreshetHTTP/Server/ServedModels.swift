package import Freshet

/// The models that a server serves, which it has only when they are loaded: it listens before, so that an address that
/// cannot be had is told at once, and clients hear that they are early.
package final class ServedModels: @unchecked Sendable {
    // Sendable: `loaded` is read and written under `monitor` only.
    private let monitor = Monitor()
    private var loaded: ProviderRegistry?

    /// Models that have yet to be loaded.
    package init() {}

    /// Lets requests reach the models.
    package func publish(_ registry: ProviderRegistry) { monitor.withLock { loaded = registry } }

    /// The models.
    ///
    /// - Throws: ``GenerationError`` with code `overloaded` while they are being loaded.
    func registry() throws(GenerationError) -> ProviderRegistry {
        if let loaded = monitor.withLock({ loaded }) { return loaded }
        throw GenerationError(
            .overloaded, "The model is still being loaded; try again in a moment.", retryAfter: .seconds(1))
    }
}
