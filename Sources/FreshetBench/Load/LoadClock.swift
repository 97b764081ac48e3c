/// The time by which a workload runs. A test holds it in its hand.
package struct LoadClock: Sendable {
    /// The time that it shows.
    package var now: @Sendable () -> ContinuousClock.Instant
    /// Waits. Throws when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    /// A clock.
    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The system's, which nobody sets.
    package static let system = LoadClock(now: { .now }, sleep: { try await Task.sleep(for: $0) })

    /// Seconds since an instant.
    func seconds(since start: ContinuousClock.Instant) -> Double { (now() - start) / .seconds(1) }
}
