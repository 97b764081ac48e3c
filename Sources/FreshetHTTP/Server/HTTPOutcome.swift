/// How an exchange ended.
package enum HTTPOutcome: Sendable, Hashable {
    /// The response was handed to the system, whole.
    case sent
    /// It was not, or not whole.
    case cut(HTTPCut)
}

/// Why a response was cut short.
package enum HTTPCut: Sendable, Hashable {
    /// The client closed or reset the connection, or its sending half.
    case clientLeft
    /// The client took nothing for longer than ``HTTPServerLimits/stallTime``.
    case tooSlow
    /// The server was shut down.
    case shuttingDown
    /// The stream's closure threw.
    case aborted
}
