/// What can be measured, by the names that arguments have.
enum Figure: String, CaseIterable, Sendable {
    /// Tokens a second in all, of 1, 8 and 16 streams.
    case streams
    /// What running streams feel of a long prompt beside them, and how long its first token takes.
    case gap
    /// The first token after a client has left in the middle of a long prompt.
    case cancel
    /// The return to a prompt that was computed before other traffic.
    case prefix
    /// The same after a restart.
    case restart
    /// Resident memory.
    case memory

    /// Measures it.
    func measure(in arena: Arena) async throws -> [Comparison] {
        switch self {
        case .streams: try await arena.measureStreams()
        case .gap: try await arena.measureGap()
        case .cancel: try await arena.measureCancel()
        case .prefix: try await arena.measurePrefix()
        case .restart: try await arena.measureRestart()
        case .memory: try await arena.measureMemory()
        }
    }
}
