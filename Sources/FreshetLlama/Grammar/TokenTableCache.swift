internal import Freshet

/// The tables of tokens of one vocabulary, which are made when they are first asked for.
final class TokenTableCache: @unchecked Sendable {
    // Sendable: `tables` is touched only under the monitor.

    private let monitor = Monitor()
    private var tables: [Bool: TokenTable] = [:]

    /// The table in which control tokens have their names for bytes, or none. Two threads that ask for it first may both
    /// make it.
    func table(showingControl: Bool, make: () -> TokenTable) -> TokenTable {
        if let table = monitor.withLock({ tables[showingControl] }) { return table }
        let table = make()
        monitor.withLock { tables[showingControl] = table }
        return table
    }
}
