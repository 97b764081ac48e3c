import Freshet

/// The breakers of the lists that were asked for last. To find one list in a large vocabulary takes some ten
/// milliseconds, and of odd texts some hundred; nearly every request asks for the same list.
///
/// Usable from any thread.
final class SequenceBreakerCache: @unchecked Sendable {
    // Sendable: `entries` is touched only under the monitor.

    /// A list of odd texts may take 20 MB.
    private static let capacity = 4

    private let monitor = Monitor()
    /// The one asked for last stands first.
    private var entries: [(texts: [String], breakers: SequenceBreakers)] = []

    /// The breakers of a list, made when they are not known. Two threads that ask for the same at once may both make
    /// them.
    func breakers(of texts: [String], make: () -> SequenceBreakers) -> SequenceBreakers {
        let breakers = monitor.withLock { entries.first { $0.texts == texts }?.breakers } ?? make()
        monitor.withLock {
            entries.removeAll { $0.texts == texts }
            entries.insert((texts, breakers), at: 0)
            if entries.count > Self.capacity { entries.removeLast() }
        }
        return breakers
    }
}
