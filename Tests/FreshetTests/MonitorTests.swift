import Foundation
import Freshet
import Testing

@Suite struct MonitorTests {
    private struct Refused: Error {}

    /// A turn that two threads hand to each other.
    private final class Turns: @unchecked Sendable {
        // Sendable: the numbers are read and written under the monitor only.
        private let monitor = Monitor()
        private var turn = 0

        /// Waits for `number`, then passes on.
        func take(_ number: Int, waiting: (Monitor) -> Void) {
            monitor.withLock {
                while turn != number { waiting(monitor) }
                turn += 1
                monitor.signal()
            }
        }
    }

    private func alternate(waiting: @escaping @Sendable (Monitor) -> Void) {
        let turns = Turns()
        let thread = Thread { for number in 0..<200 { turns.take(2 * number + 1, waiting: waiting) } }
        thread.start()
        for number in 0..<200 { turns.take(2 * number, waiting: waiting) }
        turns.take(400, waiting: waiting)
    }

    @Test func givesBackResultsAndErrorsAndUnlocks() {
        let monitor = Monitor()
        #expect(monitor.withLock { 3 } == 3)
        #expect(throws: Refused.self) { try monitor.withLock { () throws(Refused) in throw Refused() } }
        #expect(monitor.withLock { 4 } == 4)
    }

    @Test func onlyOneThreadAtATime() {
        let monitor = Monitor()
        nonisolated(unsafe) var count = 0  // Under the monitor only.
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<5000 { monitor.withLock { count += 1 } }
        }
        #expect(count == 20000)
    }

    @Test func signalsWakeWaiters() { alternate { $0.wait() } }

    @Test func boundedWaitsAreWokenToo() { alternate { $0.wait(atMost: .seconds(3600)) } }

    @Test func aWaitCanBeLongerThanTimeItself() {
        alternate { $0.wait(atMost: .seconds(Int64.max)) }
        alternate { $0.wait(atMost: .seconds(Int64.max) + .seconds(Int64.max)) }
    }

    @Test(arguments: [
        Duration.zero, .seconds(-5), .nanoseconds(-1), .seconds(Int64.min), .nanoseconds(1), .milliseconds(2),
    ])
    func aWaitThatNobodyEndsEnds(_ duration: Duration) {
        let monitor = Monitor()
        monitor.withLock { monitor.wait(atMost: duration) }
    }
}
