import Testing

@testable import FreshetLlama

struct DraftOutlookTests {
    private func outlook(
        limit: Int = 16, longest: Duration = .seconds(1), _ milliseconds: @escaping (Int) -> Double
    ) -> DraftOutlook {
        DraftOutlook(running: 1, limit: limit, longest: longest) { .milliseconds(milliseconds($0)) }
    }

    @Test func aGuessMustBeWorthItsTime() {
        var free = outlook { _ in 20 }
        free.step = .milliseconds(2)
        #expect(free.paysToGoOn([(1, 0.8)]))
        #expect(!free.paysToGoOn([(1, 0.1)]) && !free.paysToGoOn([]))
        free.step = .milliseconds(30)
        #expect(!free.paysToGoOn([(1, 0.9)]))
        var dear = outlook { 20 * Double($0) }
        dear.step = .milliseconds(1)
        #expect(!dear.paysToGoOn([(1, 0.9)]))
        // The second row of four costs as much as all of them.
        let stepped = outlook { $0 == 1 ? 20 : 40 }
        #expect(stepped.paysToGoOn([(1, 0.9)]))
        #expect(!outlook(limit: 2) { $0 == 1 ? 20 : 40 }.paysToGoOn([(1, 0.9)]))
        #expect(!outlook(longest: .milliseconds(30)) { $0 == 1 ? 20 : 40 }.paysToGoOn([(1, 0.9)]))
    }

    /// What has been spent is gone: what counts is whether one more makes the whole faster.
    @Test func guessesEndWhereTheyBecomeUnlikely() {
        var outlook = outlook { _ in 20 }
        outlook.step = .milliseconds(2)
        var (chance, count) = (1.0, 0)
        while outlook.paysToGoOn([(chance, 0.7)]) {
            chance *= 0.7
            outlook.add(chance: chance)
            outlook.spent += outlook.step
            count += 1
        }
        // 1 + 0.7 + 0.49 + … tokens in 20 + 2 + 2 + … ms: the fourth makes it faster, the fifth slower.
        #expect(count == 4)
    }

    @Test func whatDoesNotPayIsTriedEverMoreRarely() {
        var pause = ProbePause()
        var tries: [Int] = []
        for occasion in 1...3000 where pause.allows(false) { tries.append(occasion) }
        #expect(tries.count < 10 && tries.first == 17)
        let gaps = zip(tries, tries.dropFirst()).map { $1 - $0 }
        #expect(gaps == gaps.sorted() && gaps.allSatisfy { $0 <= 1025 })
        pause.insist()
        let answers = [pause.allows(false), pause.allows(false), pause.allows(true)]
        #expect(answers == [true, false, true])
        let later = (1...17).map { _ in pause.allows(false) }
        #expect(later == Array(repeating: false, count: 16) + [true])
    }
}
