import Freshet

/// A gate at which the toy's thread waits until the test lets it go on.
final class Gate: @unchecked Sendable {
    // Sendable: both variables are read and written under `monitor` only.
    private let monitor = Monitor()
    private var isArmed = false
    private var isReached = false

    /// Makes the next passage wait.
    func arm() { monitor.withLock { (isArmed, isReached) = (true, false) } }

    /// Lets the waiting thread pass.
    func open() {
        monitor.withLock {
            isArmed = false
            monitor.signal()
        }
    }

    func pass() {
        monitor.withLock {
            guard isArmed else { return }
            isReached = true
            while isArmed { monitor.wait() }
        }
    }

    /// Suspends until a thread waits at the gate.
    func reached() async {
        while !monitor.withLock({ isReached }) { await Task.yield() }
    }
}
