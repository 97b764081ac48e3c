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
        func allows(_ pays: Bool, after occasion: Duration = .milliseconds(10)) -> Bool {
            pause.allows(pays, occasion: occasion)
        }
        var tries: [Int] = []
        for occasion in 1...3000 where allows(false) {
            tries.append(occasion)
            pause.spend(.microseconds(50), isDone: true)
        }
        #expect(tries.count < 10 && tries.first == 17)
        let gaps = zip(tries, tries.dropFirst()).map { $1 - $0 }
        #expect(gaps == gaps.sorted() && gaps.allSatisfy { $0 <= 1025 })
        // What could not be done yet goes on.
        while !allows(false) {}
        pause.spend(.microseconds(50), isDone: false)
        let goesOn = allows(false)
        pause.spend(.microseconds(50), isDone: true)
        let answers = [goesOn, allows(false), allows(true)]
        #expect(answers == [true, false, true])
        let later = (1...17).map { _ in allows(false) }
        #expect(later == Array(repeating: false, count: 16) + [true])
    }

    /// However long a try takes, all of them together take a small part of the time.
    @Test(arguments: [1, 20, 300]) func triesTakeASmallPartOfTheTime(milliseconds: Int) {
        var pause = ProbePause()
        var (spent, passed) = (Duration.zero, Duration.zero)
        for _ in 0..<100_000 {
            // What pays does not count, and sets the patience back.
            if Int(passed / .seconds(1)).isMultiple(of: 50), pause.allows(true, occasion: .zero) {
                pause.spend(.seconds(1), isDone: true)
            }
            passed += .milliseconds(10)
            guard pause.allows(false, occasion: .milliseconds(10)) else { continue }
            // In two pieces.
            for isDone in [false, true] { pause.spend(.milliseconds(milliseconds) / 2, isDone: isDone) }
            spent += .milliseconds(milliseconds)
        }
        #expect(spent > .zero && spent * 128 <= passed + .milliseconds(milliseconds) * 128)
    }

    /// An answer is over when less was seen of its slot's than before.
    @Test func answersAreBelievedToBeLikeTheLast() {
        var experience = DraftExperience(slotCount: 2, prior: 0.7)
        #expect(experience.mean == 0.7)
        func answer(_ isKept: Bool, in slot: Int) {
            var acceptance = DraftAcceptance(places: 1, prior: 0.7)
            experience.observe(acceptance, in: slot)
            for _ in 0..<40 {
                acceptance.observe(0, isKept: isKept)
                experience.observe(acceptance, in: slot)
            }
        }
        answer(false, in: 0)
        #expect(experience.mean == 0.7, "nothing has ended yet")
        answer(false, in: 1)
        var means: [Double] = []
        for number in 0..<10 {
            answer(false, in: number % 2)
            means.append(experience.mean)
        }
        #expect(means == means.sorted(by: >) && means[0] < 0.2 && means[9] < 0.05)
        for number in 0..<4 { answer(true, in: number % 2) }
        #expect(0.3...0.7 ~= experience.mean)
    }
}
