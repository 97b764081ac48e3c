import FreshetHTTP
import Testing

@Suite struct DeadlineTimerTests {
    private let start = ContinuousClock.now
    private let all = HTTPDeadlines(
        connect: .seconds(1), firstByte: .seconds(5), idle: .seconds(2), total: .seconds(20))

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func eachPhaseHasItsOwnDeadline() {
        var timer = DeadlineTimer(all, startedAt: start)
        #expect(timer.next! == (.connect, .seconds(1), at(1)))
        timer.connect()
        #expect(timer.next! == (.firstByte, .seconds(5), at(5)))
        timer.receive(at: at(4))
        #expect(timer.next! == (.idle, .seconds(2), at(6)))
        timer.receive(at: at(5))
        #expect(timer.next! == (.idle, .seconds(2), at(7)))
        timer.receive(at: at(19))
        #expect(timer.next! == (.total, .seconds(20), at(20)))
    }

    @Test func aPausedExchangeIsNotIdle() {
        var timer = DeadlineTimer(all, startedAt: start)
        timer.receive(at: at(1))
        timer.pause()
        #expect(timer.next! == (.total, .seconds(20), at(20)))
        timer.resume(at: at(10))
        #expect(timer.next! == (.idle, .seconds(2), at(12)))
        timer.resume(at: at(11))
        #expect(timer.next! == (.idle, .seconds(2), at(12)), "only a pause is followed by a resumption")
    }

    @Test func onlyContentEndsTheSilenceAndAPauseIsSilent() {
        var timer = DeadlineTimer(HTTPDeadlines(idle: .seconds(9), content: .seconds(3)), startedAt: start)
        #expect(timer.next! == (.content, .seconds(3), at(3)))
        timer.receive(at: at(1))
        timer.receive(at: at(2))
        #expect(timer.next! == (.content, .seconds(3), at(3)))
        timer.receiveContent(at: at(2))
        #expect(timer.next! == (.content, .seconds(3), at(5)))
        timer.pause()
        timer.resume(at: at(4))
        #expect(timer.next! == (.content, .seconds(3), at(5)))
    }

    @Test func whatIsNotAskedForNeverComes() {
        var timer = DeadlineTimer(HTTPDeadlines(), startedAt: start)
        #expect(timer.next == nil)
        timer.receive(at: at(1))
        #expect(timer.next == nil)
        timer = DeadlineTimer(HTTPDeadlines(idle: .seconds(2)), startedAt: start)
        #expect(timer.next == nil)
        timer.receive(at: at(1))
        #expect(timer.next! == (.idle, .seconds(2), at(3)))
    }
}
