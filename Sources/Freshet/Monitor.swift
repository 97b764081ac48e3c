import Glibc

/// A mutex with a condition to wait on.
///
/// It stands on pthreads because `Synchronization.Mutex` gives false races under the thread sanitizer; the cost is the
/// same. Hold it for a few instructions only, and call nobody's closure while holding it.
package final class Monitor: @unchecked Sendable {
    // Sendable: both pointers are made in init, freed in deinit and never change; pthreads guards what they point to.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    /// Makes an unlocked monitor.
    package init() {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // Deadlines are counted on a clock that nobody sets.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` while no other thread runs under this monitor.
    @inline(__always)
    package func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Waits, inside ``withLock(_:)``, until another thread signals. May wake without a signal: call it in a loop.
    package func wait() {
        pthread_cond_wait(condition, mutex)
    }

    /// Waits like ``wait()``, but no longer than `duration`; a negative one is none at all, and more than thirty years
    /// are thirty years.
    package func wait(atMost duration: Duration) {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        // A sum beyond what the clock can hold would be refused, and the wait would not wait.
        let (seconds, attoseconds) = min(max(duration, .zero), .seconds(1_000_000_000)).components
        let nanoseconds = deadline.tv_nsec + Int(attoseconds / 1_000_000_000)
        deadline.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_cond_timedwait(condition, mutex, &deadline)
    }

    /// Wakes one waiting thread.
    package func signal() {
        pthread_cond_signal(condition)
    }
}
