internal import Freshet

/// Lets two engines of one process compute by turns, because threads of two computations at once would wait for each
/// other's processors.
///
/// Each engine has a ``Place``. One that comes back while the other waits lets that one go first. Waiting blocks the
/// thread: engines have threads of their own.
package final class ComputeTurns: @unchecked Sendable {
    // Sendable: every stored variable is read and written under `monitor` only.
    private let monitor = Monitor()
    private var holder: Int?
    private var last: Int?
    private var waits = [false, false]
    private var computes = [false, false]

    /// Nobody computes.
    package init() {}

    /// One engine's part in the turns.
    package struct Place: Sendable {
        fileprivate let turns: ComputeTurns
        fileprivate let number: Int

        /// Runs a computation when it is this engine's turn.
        func take<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
            turns.begin(number)
            defer { turns.end(number) }
            return try body()
        }

        /// Says that there is nothing to compute until the next ``take(_:)``.
        func rest() { turns.monitor.withLock { turns.computes[number] = false } }

        /// Whether the other engine has work, and waits for this one's computation to end or will soon.
        var isContended: Bool { turns.monitor.withLock { turns.computes[1 - number] } }
    }

    /// The two engines' places.
    package var places: (Place, Place) { (Place(turns: self, number: 0), Place(turns: self, number: 1)) }

    private func begin(_ number: Int) {
        monitor.withLock {
            computes[number] = true
            waits[number] = true
            while holder != nil || (waits[1 - number] && last == number) { monitor.wait() }
            waits[number] = false
            holder = number
        }
    }

    private func end(_ number: Int) {
        monitor.withLock {
            (holder, last) = (nil, number)
            // Whoever waits is the only one: this thread did not.
            monitor.signal()
        }
    }
}
