internal import Freshet

/// An engine that is started when it is first asked for.
actor LazyEngine {
    private typealias Start = Task<Result<InferenceEngine, GenerationError>, Never>

    private let make: @Sendable () async throws(GenerationError) -> InferenceEngine
    private var start: Start?
    private var isShutDown = false

    /// Nothing is started yet.
    init(_ make: @escaping @Sendable () async throws(GenerationError) -> InferenceEngine) { self.make = make }

    /// The engine. One that could not be started is tried again by the next who asks.
    ///
    /// - Throws: why it cannot be started, or `shuttingDown`.
    func engine() async throws(GenerationError) -> InferenceEngine {
        guard !isShutDown else { throw .shuttingDown }
        let current =
            start
            ?? Start { [make] in
                do throws(GenerationError) {
                    return .success(try await make())
                } catch {
                    return .failure(error)
                }
            }
        start = current
        let result = await current.value
        if case .failure = result, start == current { start = nil }
        return try result.get()
    }

    /// Shuts the engine down, if there is one; none is started after.
    func shutDown() async {
        isShutDown = true
        if case .success(let engine) = await start?.value { await engine.shutDown() }
    }
}
