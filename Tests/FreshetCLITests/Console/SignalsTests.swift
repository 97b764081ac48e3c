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
    @Test func theWaitsWakeJustWhenASignalIsPending() async {
        let signals = Self.spared()
        for _ in 0..<2000 {
            await withTaskGroup { group in
                group.addTask { _ = signals.receive(SIGINT) }
                group.addTask { signals.clearInterrupt() }
            }
            #expect((signals.received != nil) == Self.isReadable(signals.wake))
            signals.clearInterrupt()
        }
    }
}
