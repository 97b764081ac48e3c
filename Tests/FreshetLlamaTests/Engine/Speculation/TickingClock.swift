import Freshet
import FreshetTestSupport

/// A clock that moves on whenever it is looked at, by times that a seed decides: batches of all sizes seem to take about as
/// long, so that drafts are of all lengths, the same ones every time.
final class TickingClock: @unchecked Sendable {
    // Sendable: the variables are read and written under `monitor` only.
    private let monitor = Monitor()
    private let ticks: ClosedRange<Int>
    private var random: SeededGenerator
    private var time = ContinuousClock.now

    /// A clock whose ticks are that many microseconds long.
    init(_ ticks: ClosedRange<Int> = 1000...1000, seed: UInt64 = 0) {
        self.ticks = ticks
        random = SeededGenerator(seed: seed)
    }

    var now: ContinuousClock.Instant {
        monitor.withLock {
            time += .microseconds(Int.random(in: ticks, using: &random))
            return time
        }
    }

    /// Moves on by ten ticks, as a computation does that takes longer than the looks at the clock.
    func work() { for _ in 0..<10 { _ = now } }
}
