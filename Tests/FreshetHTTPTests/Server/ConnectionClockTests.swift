import Testing

@testable import FreshetHTTP

@Suite struct ConnectionClockTests {
    @Test func deadlinesAreAbsoluteAndOnlyTheClientsTimeCounts() {
        var limits = HTTPServerLimits()
        (limits.headerTime, limits.bodyTime, limits.idleTime, limits.stallTime) =
            (.seconds(1), .seconds(20), .seconds(300), .seconds(4000))
        let start = ContinuousClock.now
        func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

        var clock = ConnectionClock(limits, now: start)
        #expect(clock.deadline == at(1))
        clock.receivedLine(now: at(5))
        #expect(clock.deadline == at(1), "the first header is due since the beginning")
        clock.receivedHeader(now: at(10))
        #expect(clock.deadline == at(30))
        clock.waitForHandler()
        #expect(clock.deadline == nil)
        clock.send(now: at(100))
        #expect(clock.deadline == at(4100))
        clock.waitForHandler()
        #expect(clock.deadline == nil)
        clock.complete(now: at(200))
        #expect(clock.deadline == at(500))
        clock.receivedLine(now: at(400))
        #expect(clock.deadline == at(401))
    }
}
