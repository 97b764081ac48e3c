/// The search for the fastest settings, one change at a time: coordinate descent, with a ``PairedTrial`` as the judge.
///
/// It decides and measures nothing. ``step`` says what is to be measured next; what that came to goes into
/// ``record(before:after:)``, until ``step`` is `nil`. At the end all that was found is measured against what there was
/// in the beginning, in more pairs than a single change has, and thrown away unless by the same rules it was seen to be no
/// slower.
package struct TuningSearch: Sendable {
    /// Two settings to be measured, one after the other.
    package struct Step: Sendable, Hashable {
        /// What is being found out, for a person.
        package var subject: String
        /// The settings to be beaten.
        package var before: TunedSettings
        /// The settings that may be faster.
        package var after: TunedSettings
        /// The speeds to measure.
        package var objectives: [TuningObjective]
        /// Tokens of the prompt; `nil` for the usual number.
        package var promptLength: Int?
        /// Whether ``after`` is to be measured first.
        package var beginsWithAfter: Bool
    }

    /// What one setting came to: tokens a second, for each objective that was asked for.
    package typealias Speeds = [TuningObjective: Double]

    /// What became of a question.
    package struct Finding: Sendable, Hashable {
        /// What was changed, for a person; `nil` for the last comparison, of everything with the beginning.
        package var subject: String?
        /// The median ratio of each speed that was measured.
        package var ratios: [TuningObjective: Double]
        /// Whether the change was kept.
        package var isKept: Bool
        /// Why it was not measured, or not to the end; `nil` when it was.
        package var remark: String?
    }

    /// A loss of one speed that is taken for nothing while another gains.
    package static let toleratedLoss = 0.01
    /// What a speed must have been seen to keep while another gains, by the rule for winning: the loss that noise may hide.
    package static let shownRatio = 0.96
    /// What the speeds after tuning are to have been seen to be more than, of those before.
    package static let leastRatio = 0.98
    /// How many times as many pairs the last comparison may have: to exclude a small loss takes more than to find a gain.
    static let lastEffort = 3

    /// The settings before tuning.
    package let start: TunedSettings
    /// The best settings so far.
    package private(set) var best: TunedSettings
    /// What was found, in order.
    package private(set) var findings: [Finding] = []
    /// What is to be measured next; `nil` at the end.
    package private(set) var step: Step?
    /// What all settings together gain; `nil` before the end, and where nothing was kept.
    package private(set) var gains: [Profile.Gain]?

    private let questions: [TuningQuestion]
    private let pairLimit: Int
    private var place = 0
    /// The speeds that a change which was kept can have changed.
    private var concerned: Set<TuningObjective> = []
    private var trials: [TuningObjective: PairedTrial] = [:]
    private var speeds: [TuningObjective: (before: [Double], after: [Double])] = [:]
    private var pairs = 0

    /// A search from where the engine begins by itself.
    ///
    /// - Parameters:
    ///   - start: every setting that a question may change, as the engine has it without a profile.
    ///   - questions: the changes to look at.
    ///   - pairLimit: the most pairs that are measured for one.
    package init(start: TunedSettings, questions: [TuningQuestion], pairLimit: Int = 21) {
        (self.start, best) = (start, start)
        self.questions = questions
        self.pairLimit = pairLimit
        ask()
    }

    /// How much is done, from 0 to 1.
    package var fraction: Double {
        guard let step else { return 1 }
        // The last comparison counts for as many questions as it may take.
        let whole = Double(questions.count + Self.lastEffort)
        let part = Double(pairs) / Double(limit) * (isLast(step) ? Double(Self.lastEffort) : 1 / 1.5)
        return min(1, (Double(place) + part) / whole)
    }

    /// The settings that differ from the beginning: those of a profile.
    package var changes: TunedSettings {
        var changes = best.differing(from: start)
        // Whoever sets the one sets the other, unless it is said.
        if changes.threads != nil { changes.batchThreads = best.batchThreads }
        return changes
    }

    /// Takes what a step came to.
    package mutating func record(before: Speeds, after: Speeds) {
        guard let step else { return }
        pairs += 1
        self.step?.beginsWithAfter.toggle()
        let limit = limit
        for objective in step.objectives {
            guard let old = before[objective], let new = after[objective] else { continue }
            trials[objective, default: PairedTrial(limit: limit)].add(before: old, after: new)
            speeds[objective, default: ([], [])].before.append(old)
            speeds[objective, default: ([], [])].after.append(new)
        }
        // Of what was measured so often some may have been no speed.
        let isOut = pairs >= limit
        let trials = step.objectives.map { self.trials[$0] ?? PairedTrial(limit: limit) }
        if isLast(step) {
            if let isKept = lastDecision(isOut: isOut) { finish(isKept: isKept, remark: nil) }
        } else if let isKept = Self.decision(trials, isOut: isOut) {
            close(step, isKept: isKept, remark: nil)
        }
    }

    /// Goes on to the next question, because this one cannot be answered: there is no memory for both, say.
    package mutating func pass(_ remark: String) {
        guard let step else { return }
        if isLast(step) {
            // What cannot be compared is not kept.
            finish(isKept: false, remark: remark)
        } else {
            close(step, isKept: false, remark: remark)
        }
    }

    /// Whether a change is kept; `nil` while that is open.
    static func decision(_ trials: [PairedTrial], isOut: Bool) -> Bool? {
        let verdicts = trials.map(\.verdict)
        if trials.contains(where: { $0.isBelow(1 - toleratedLoss) }) { return false }
        if verdicts.contains(.wins), trials.allSatisfy(keeps) { return true }
        if isOut || verdicts.allSatisfy({ $0 == .doesNotWin }) { return false }
        return nil
    }

    private func isLast(_ step: Step) -> Bool { place >= questions.count }

    /// The most pairs of the present step.
    private var limit: Int {
        max(pairLimit, PairedTrial.leastPairs) * (place >= questions.count ? Self.lastEffort : 1)
    }

    /// Asks the next question that would change anything.
    private mutating func ask() {
        (trials, speeds, pairs, step) = ([:], [:], 0, nil)
        while place < questions.count {
            let question = questions[place]
            let after = best.changed(by: question.change)
            if after != best, after.isSound {
                step = Step(
                    subject: question.subject, before: best, after: after, objectives: question.objectives,
                    promptLength: question.promptLength, beginsWithAfter: false)
                return
            }
            place += 1
        }
        guard best != start else { return }
        step = Step(
            subject: "all of it", before: start, after: best, objectives: TuningObjective.allCases,
            promptLength: nil, beginsWithAfter: false)
    }

    private mutating func close(_ step: Step, isKept: Bool, remark: String?) {
        findings.append(
            Finding(subject: step.subject, ratios: trials.compactMapValues(\.median), isKept: isKept, remark: remark))
        if isKept {
            best = step.after
            concerned.formUnion(step.objectives)
        }
        place += 1
        ask()
    }

    /// Whether all that was found is kept; `nil` while that is open. Every speed that a change can have changed must have
    /// been seen to be more than ``leastRatio`` of what it was; where noise hides that to the end, as a speed beside a
    /// gain must. Of another speed it is asked only that nothing speaks against it.
    private func lastDecision(isOut: Bool) -> Bool? {
        if trials.values.contains(where: { $0.isBelow(Self.leastRatio) }) { return false }
        let isShown = TuningObjective.allCases.allSatisfy { objective in
            guard let trial = trials[objective] else { return false }
            guard concerned.contains(objective) else {
                return trial.ratios.count >= PairedTrial.leastPairs && trial.median ?? 0 >= Self.leastRatio
            }
            return trial.isClearlyAbove(Self.leastRatio) || isOut && Self.keeps(trial)
        }
        return isShown ? true : isOut ? false : nil
    }

    /// Whether a speed was seen to lose nothing that counts.
    private static func keeps(_ trial: PairedTrial) -> Bool {
        trial.median ?? 0 >= 1 - toleratedLoss && trial.isClearlyAbove(shownRatio)
    }

    private mutating func finish(isKept: Bool, remark: String?) {
        findings.append(
            Finding(subject: nil, ratios: trials.compactMapValues(\.median), isKept: isKept, remark: remark))
        if isKept {
            gains = TuningObjective.allCases.compactMap { objective in
                guard let ratio = trials[objective]?.median, let speeds = speeds[objective],
                    let before = speeds.before.median, let after = speeds.after.median
                else { return nil }
                return Profile.Gain(objective: objective, before: before, after: after, ratio: ratio)
            }
        } else {
            best = start
        }
        step = nil
    }
}
