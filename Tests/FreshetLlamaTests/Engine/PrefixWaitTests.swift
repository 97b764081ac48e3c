import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Who waits for whom, without a loop.
struct PrefixWaitTests {
    private typealias Leader = PrefixWait.Leader
    private typealias Participant = PrefixWait.Participant

    private static func tokens(_ range: Range<Int>) -> [Token] { range.map { Token($0) } }

    struct Case: Sendable {
        /// Each leader's prompt is so many tokens of the common beginning, then others.
        var shared: [Int]
        var cached = 0
        var isTrimmable = true
        /// Whether the leaders have more than the common beginning.
        var goesOn = true
        var expected: Int?
        var length = 0
    }

    @Test(arguments: [
        Case(shared: []),
        Case(shared: [15]),
        Case(shared: [16], expected: 0, length: 16),
        Case(shared: [40, 60, 50], expected: 1, length: 60),
        Case(shared: [40], cached: 24, expected: 0, length: 40),
        Case(shared: [40], cached: 25),
        // The last token of a prompt of 100 is computed in any case.
        Case(shared: [100], expected: 0, length: 99),
        Case(shared: [60], isTrimmable: false),
        Case(shared: [60], isTrimmable: false, goesOn: false, expected: 0, length: 60),
    ])
    func theLeaderThatGivesMost(_ example: Case) {
        let leaders = example.shared.enumerated().map { number, count in
            let rest = example.goesOn ? Self.tokens(1_000..<1_010) : []
            return Leader(number: UInt64(number), tokens: Self.tokens(0..<count) + rest, computed: 0)
        }
        let found = PrefixWait.leader(
            of: Self.tokens(0..<100), cached: example.cached, among: leaders, isTrimmable: example.isTrimmable)
        #expect(found?.number == example.expected.map { UInt64($0) })
        #expect((found?.length ?? 0) == example.length)
    }

    @Test func aWaitIsOverWhenThereIsNothingToWaitFor() {
        let clock = ManualClock()
        func isOver(_ wait: PrefixWait, computed: Int? = nil, hasArrived: Bool = false) -> Bool {
            let leaders = computed.map { [Leader(number: 7, tokens: Self.tokens(0..<50), computed: $0)] } ?? []
            return wait.isOver(leaders: leaders, hasArrived: hasArrived, now: { clock.now })
        }
        let leader = PrefixWait.leader(number: 7, length: 40)
        #expect(!isOver(leader, computed: 39) && isOver(leader, computed: 40) && isOver(leader, computed: nil))
        #expect(isOver(.leader(number: 8, length: 40), computed: 0), "another generation in the slot")
        let folder = PrefixWait.folder(until: clock.now + .seconds(2))
        #expect(!isOver(folder) && isOver(folder, hasArrived: true))
        clock.advance(by: .seconds(2))
        #expect(isOver(folder))
    }

    /// Whoever is waited for counts with the greatest weight of all from whom a way of waits leads to it.
    @Test func leadersInheritTheGreatestWeight() {
        for seed in 0..<(200 as UInt64) {
            var random = SeededGenerator(seed: seed)
            var participants: [Participant] = []
            for number in 1...UInt64.random(in: 1...12, using: &random) {
                let leader = UInt64.random(in: 0..<number, using: &random)
                participants.append(
                    Participant(
                        number: number, weight: Int.random(in: 1...100, using: &random),
                        wait: random.chance(0.3) || leader == 0 ? nil : .leader(number: leader, length: 20)))
            }
            var expected = Dictionary(participants.map { ($0.number, $0.weight) }) { first, _ in first }
            for participant in participants {
                var waiting = participant
                while case .leader(let leader, _) = waiting.wait {
                    expected[leader] = max(expected[leader] ?? 0, participant.weight)
                    waiting = participants[Int(leader) - 1]
                }
            }
            #expect(PrefixWait.weights(of: participants.shuffled(using: &random)) == expected, "seed \(seed)")
        }
    }
}
