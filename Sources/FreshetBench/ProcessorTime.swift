package import Freshet
internal import Glibc

/// Processor time: unlike the time on the wall, it does not run while other programs do.
package enum ProcessorTime {
    /// Makes a piece of work, on the thread that does it: a closure that makes as many calls as it is told.
    package typealias Maker = @Sendable () -> (Int) -> Void

    /// How many turns a piece of work has; the middle one counts.
    private static let turnCount = 11
    /// The least that a turn takes, in microseconds.
    private static let turnLength = 4000.0

    /// Microseconds of processor time that one call takes, measured on a thread of its own.
    ///
    /// - Throws: `GenerationError` when the system gives no thread.
    package static func perCall(of makeWork: @escaping Maker) async throws(GenerationError) -> Double {
        try await DedicatedThread.value(named: "freshet-bench") { () throws(GenerationError) in
            let work = makeWork()
            var times: [Double] = []
            // The first turn finds cold memory.
            for turn in 0...turnCount {
                let start = ofThisThread
                var (calls, elapsed) = (0, 0.0)
                repeat {
                    work(64)
                    calls += 64
                    elapsed = ofThisThread - start
                } while elapsed < turnLength
                if turn > 0 { times.append(elapsed / Double(calls)) }
            }
            return times.median ?? 0
        }
    }

    /// What this process's threads have run, in microseconds.
    package static var ofThisProcess: Double { time(of: CLOCK_PROCESS_CPUTIME_ID) }

    /// What the calling thread has run, in microseconds.
    private static var ofThisThread: Double { time(of: CLOCK_THREAD_CPUTIME_ID) }

    private static func time(of clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }
}
