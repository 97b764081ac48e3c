import Testing

@testable import FreshetLlama

struct PaceTests {
    @Test func onlyWhatWasQuickIsExpectedToBe() {
        var pace = Pace()
        #expect(!pace.isQuick && !pace.isQuick(1))
        pace.observe(tokens: 4, took: Pace.quick - .nanoseconds(1))
        #expect(pace.isQuick && pace.isQuick(4) && !pace.isQuick(5))
        pace.observe(tokens: 1, took: Pace.quick)
        #expect(!pace.isQuick && !pace.isQuick(1))
    }
}
