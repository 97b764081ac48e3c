import Foundation
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// The search on machines that are made up: every setting has a true speed, and what is measured is that with noise.
struct TuningSearchTests {
    /// A machine on which each setting multiplies each speed by its own factor.
    private struct Machine {
        /// The factor of each change, by its subject.
        var factors: [String: [TuningObjective: Double]] = [:]
        var questions: [TuningQuestion]
        /// How much a run varies, on the log scale; it is also held up now and then.
        var noise: Double
        var holdUps: Double
        private var generator: SeededGenerator
        private var drift = 0.0

        init(_ questions: [TuningQuestion], noise: Double, holdUps: Double, seed: UInt64) {
            (self.questions, self.noise, self.holdUps) = (questions, noise, holdUps)
            generator = SeededGenerator(seed: seed)
        }

        /// The true speed of settings: the product of the factors of all changes that they have.
        func speed(_ settings: TunedSettings, _ objective: TuningObjective) -> Double {
            questions.reduce(100) { speed, question in
                let isMade = settings.changed(by: question.change) == settings
                return speed * (isMade ? factors[question.subject]?[objective] ?? 1 : 1)
            }
        }

        mutating func measure(_ settings: TunedSettings, _ objectives: [TuningObjective]) -> TuningSearch.Speeds {
            // The whole machine grows slower and faster with time.
            drift = min(0.5, max(-0.5, drift + Double.random(in: -0.02...0.02, using: &generator)))
            var speeds: TuningSearch.Speeds = [:]
            for objective in objectives {
                var factor = exp(drift + noise * normal())
                if generator.chance(holdUps) { factor *= Double.random(in: 0.1..<0.8, using: &generator) }
                speeds[objective] = speed(settings, objective) * factor
            }
            return speeds
        }

        /// A normal variate, by Box and Muller.
        private mutating func normal() -> Double {
            let (one, other) = (
                Double.random(in: .leastNonzeroMagnitude..<1, using: &generator),
                Double.random(in: 0..<1, using: &generator)
            )
            return sqrt(-2 * log(one)) * cos(2 * .pi * other)
        }

        /// Searches to the end.
        mutating func search(from start: TunedSettings, pairLimit: Int = 21) -> TuningSearch {
            var search = TuningSearch(start: start, questions: questions, pairLimit: pairLimit)
            var (steps, fraction) = (0, 0.0)
            while let step = search.step {
                var speeds: [TunedSettings: TuningSearch.Speeds] = [:]
                let pair = [step.before, step.after]
                for settings in step.beginsWithAfter ? pair.reversed() : pair {
                    speeds[settings] = measure(settings, step.objectives)
                }
                search.record(before: speeds[step.before] ?? [:], after: speeds[step.after] ?? [:])
                steps += 1
                // Thousands of searches would spend their time in the macro.
                if search.fraction < fraction || search.fraction > 1 {
                    Issue.record("What is done goes from \(fraction) to \(search.fraction).")
                }
                fraction = search.fraction
                let most = (questions.count + TuningSearch.lastEffort) * max(pairLimit, PairedTrial.leastPairs)
                guard steps <= most else {
                    Issue.record("The search does not end.")
                    break
                }
            }
            return search
        }
    }

    private static var start: TunedSettings {
        var start = TunedSettings()
        (start.threads, start.batchThreads, start.batchSize, start.microBatchSize) = (4, 4, 512, 512)
        (start.usesBLAS, start.usesRepacking, start.keyType, start.valueType) = (false, true, .f16, .f16)
        (start.usesMemoryMap, start.usesHugePages) = (true, false)
        return start
    }

    /// Changes that do not meet in any setting.
    private static let questions: [TuningQuestion] = [
        TuningQuestion("threads", [.decode]) { $0.threads = 3 },
        TuningQuestion("threads of a prompt", [.prompt]) { $0.batchThreads = 2 },
        TuningQuestion("repack") { $0.usesRepacking = false },
        TuningQuestion("pages") { $0.usesHugePages = true },
        TuningQuestion("attention") { $0.flashAttention = false },
        TuningQuestion("batch", [.prompt]) { $0.microBatchSize = 128 },
        TuningQuestion("blas") { $0.usesBLAS = true },
    ]

    /// Over thousands of machines with random speeds: what is kept is never clearly slower, and a clear winner is kept.
    @Test(arguments: [
        (0.01, 0.01, 600, 0.97), (0.02, 0.02, 600, 0.9), (0.05, 0.05, 600, 0.6), (0.1, 0.1, 600, 0.35),
        (0.25, 0.2, 300, 0),
    ])
    func neverSlowerOnNoisyMachines(noise: Double, holdUps: Double, machines: Int, leastFound: Double) {
        var generator = SeededGenerator(seed: UInt64(noise * 1000))
        var (clear, found, kept) = (0, 0, 0)
        for seed in 0..<machines {
            var machine = Machine(Self.questions, noise: noise, holdUps: holdUps, seed: UInt64(seed))
            for question in Self.questions {
                let factors: [Double] = [0.4, 0.8, 0.94, 1, 1, 1, 1.05, 1.3, 2]
                machine.factors[question.subject] = [
                    .prompt: question.objectives.contains(.prompt) ? generator.pick(factors) : 1,
                    .decode: question.objectives.contains(.decode) ? generator.pick(factors) : 1,
                ]
            }
            let search = machine.search(from: Self.start)
            for objective in TuningObjective.allCases {
                let gain = machine.speed(search.best, objective) / machine.speed(Self.start, objective)
                // With these seeds luck never lets a loss through.
                if gain < TuningSearch.leastRatio {
                    Issue.record("\(noise), machine \(seed): \(objective) \(gain)")
                }
            }
            for question in Self.questions {
                let factors = question.objectives.compactMap { machine.factors[question.subject]?[$0] }
                guard factors.allSatisfy({ $0 >= 1 }), factors.contains(where: { $0 >= 1.3 }) else { continue }
                clear += 1
                if search.best.changed(by: question.change) == search.best { found += 1 }
            }
            kept += search.gains == nil ? 0 : 1
        }
        #expect(clear > 100 && (leastFound == 0 || kept > machines / 4), "\(kept) of \(machines)")
        // The more noise, the more often nothing can be said of a clear winner's other speed.
        #expect(Double(found) >= leastFound * Double(clear), "\(noise): \(found) of \(clear)")
    }

    @Test func whereNothingDiffersNothingChanges() {
        for seed in 0..<100 {
            var machine = Machine(Self.questions, noise: 0.05, holdUps: 0.05, seed: UInt64(seed))
            let search = machine.search(from: Self.start)
            // What luck let through, the last comparison may keep: it is not slower.
            #expect(search.findings.count(where: \.isKept) <= 2)
            #expect(search.findings.count >= Self.questions.count)
        }
    }

    @Test func oneSpeedIsNotPaidForWithTheOther() {
        var machine = Machine(Self.questions, noise: 0.005, holdUps: 0, seed: 2)
        machine.factors["repack"] = [.prompt: 2, .decode: 0.9]
        machine.factors["pages"] = [.prompt: 1, .decode: 1.2]
        let search = machine.search(from: Self.start)
        #expect(search.best.usesRepacking == true && search.best.usesHugePages == true)
        var pages = TunedSettings()
        pages.usesHugePages = true
        #expect(search.changes == pages)
        #expect(search.gains?.first { $0.objective == .decode }.map { $0.ratio > 1.1 } == true)
    }

    /// Settings may be slower together than each alone; the last comparison finds that.
    @Test func whatIsSlowerAsAWholeIsThrownAway() {
        var search = TuningSearch(start: Self.start, questions: [Self.questions[2]])
        while let step = search.step {
            let factor = step.subject == "repack" ? 1.5 : 0.9
            search.record(before: [.prompt: 10, .decode: 10], after: [.prompt: 10 * factor, .decode: 10 * factor])
        }
        #expect(search.best == Self.start && search.gains == nil)
        #expect(search.findings.map(\.isKept) == [true, false])
        #expect(search.findings.last?.subject == nil)
    }

    @Test func whatCannotBeMeasuredIsPassedOver() {
        var search = TuningSearch(start: Self.start, questions: Array(Self.questions.prefix(3)))
        search.pass("no memory")
        #expect(search.step?.subject == "threads of a prompt" && search.best == Self.start)
        while let step = search.step {
            if step.subject == "all of it" {
                search.pass("no memory")
            } else {
                search.record(before: [.prompt: 1, .decode: 1], after: [.prompt: 2, .decode: 2])
            }
        }
        #expect(search.best == Self.start && search.findings.map(\.remark) == ["no memory", nil, nil, "no memory"])
        // Speeds that never come end the search too.
        search = TuningSearch(start: Self.start, questions: Self.questions)
        var steps = 0
        while search.step != nil, steps < 1000 {
            search.record(before: [:], after: [.prompt: .nan, .decode: 0])
            steps += 1
        }
        #expect(search.step == nil && search.best == Self.start)
    }

    @Test func pairsBeginInTurnWithEach() {
        var search = TuningSearch(start: Self.start, questions: [Self.questions[2]])
        var turns: [Bool] = []
        while let step = search.step, step.subject == "repack" {
            turns.append(step.beginsWithAfter)
            search.record(before: [.prompt: 1, .decode: 1], after: [.prompt: 1.2, .decode: 1.2])
        }
        #expect(turns == (0..<9).map { $0 % 2 == 1 })
    }
}

struct TuningGroundTests {
    private static func ground(_ change: (inout TuningGround) -> Void = { _ in }) -> [TuningQuestion] {
        var ground = TuningGround(
            processorCount: 8, hasQuantizedWeights: true, hasBLAS: true, hasHugePages: true, promptLength: 128,
            longestPrompt: 2048)
        change(&ground)
        return ground.questions
    }

    @Test func qualityIsAskedAboutOnlyWhereThatIsAllowed() {
        #expect(Self.ground().allSatisfy { $0.change.keyType == nil && $0.change.valueType == nil })
        #expect(Self.ground { $0.cacheTypes = [.q8_0] }.contains { $0.change.keyType == .q8_0 })
    }

    @Test func onlyWhatIsThereIsAskedAbout() {
        let plain = Self.ground { ($0.hasBLAS, $0.hasHugePages, $0.hasQuantizedWeights) = (false, false, false) }
        #expect(
            plain.allSatisfy {
                $0.change.usesBLAS == nil && $0.change.usesHugePages == nil && $0.change.usesRepacking == nil
            })
        #expect(Self.ground { $0.longestPrompt = 200 }.allSatisfy { $0.promptLength ?? 0 <= 200 })
        for count in [1, 2, 3, 4, 7, 64, 512] {
            let questions = Self.ground { $0.processorCount = count }
            #expect(questions.compactMap(\.change.threads).allSatisfy { 1...count ~= $0 })
            #expect(questions.contains { $0.change.threads == count })
        }
        #expect(Self.ground { $0.isQuick = true }.count < Self.ground().count)
    }

    /// Threads, prompts' settings and answers' are told apart, so that one is not judged by the other.
    @Test func eachQuestionMeasuresWhatItCanChange() {
        for question in Self.ground() {
            if question.change.threads != nil { #expect(question.objectives == [.decode]) }
            if question.change.batchThreads != nil || question.change.microBatchSize != nil {
                #expect(question.objectives == [.prompt])
            }
        }
    }
}
