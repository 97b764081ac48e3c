import Freshet

/// A clock that stands still until a test moves it.
public final class ManualClock: @unchecked Sendable {
    // Sendable: `instant` is read and written under `monitor` only.
    private let monitor = Monitor()
    private var instant = ContinuousClock.now

    /// A clock that shows some instant.
    public init() {}

    /// The instant that the clock shows.
    public var now: ContinuousClock.Instant { monitor.withLock { instant } }

    /// Moves the clock forward.
    public func advance(by duration: Duration) { monitor.withLock { instant += duration } }
}
