import Freshet
import FreshetTestSupport

@testable import FreshetHTTP

/// A service that serves one provider under two names.
func makeService(
    _ provider: any Provider, keys: [String] = [], change: (inout InferenceService.Options) -> Void = { _ in },
    log: @escaping @Sendable (RequestLogLine) -> Void = { _ in }
) throws -> InferenceService {
    var options = InferenceService.Options(authenticator: try Authenticator(keys: keys))
    change(&options)
    let models = ServedModels()
    var registry = ProviderRegistry()
    try registry.add(provider, names: ["scripted", "org/other"])
    models.publish(registry)
    return InferenceService(models, options: options, log: log)
}
