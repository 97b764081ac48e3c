import Foundation
import Testing

@testable import FreshetCLI

/// What the program remembers of the signals, without sending any.
struct SignalsTests {
    private static func isReadable(_ descriptor: Int32) -> Bool {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&wait, 1, 0) == 1
    }

    private static func spared() -> Signals {
        let signals = Signals()
        signals.spareProgram()
        return signals
    }

    @Test func anInterruptThatNobodyDealtWithLetsTheNextEndTheProgram() {
        let signals = Self.spared()
        #expect(!signals.receive(SIGINT))
        #expect(signals.receive(SIGINT))
        signals.clearInterrupt()
        #expect(!signals.receive(SIGINT))
    }

    @Test func anInterruptDoesNotHideASignalThatEndsTheProgram() {
        let signals = Self.spared()
        #expect(signals.receive(SIGTERM))
        #expect(signals.receive(SIGINT))
        signals.clearInterrupt()
        #expect(signals.received == SIGTERM)
        #expect(Self.isReadable(signals.wake))
    }

    /// A wait that wakes for nothing would spin; one that does not wake would lose the signal.
    @Test func theWaitsWakeJustWhenASignalIsPending() {
        let signals = Self.spared()
        let count = 2000
        Thread.detachNewThread {
            var cleared = 0
            while cleared < count {
                guard signals.received != nil else { continue }
                signals.clearInterrupt()
                cleared += 1
            }
        }
        var readable = 0
        for _ in 0..<count {
            _ = signals.receive(SIGINT)
            while signals.received != nil { sched_yield() }
            if Self.isReadable(signals.wake) { readable += 1 }
        }
        #expect(readable == 0)
        _ = signals.receive(SIGINT)
        #expect(Self.isReadable(signals.wake))
    }
}
