import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

struct WaitingLineTests {
    private static func submission(
        _ ticket: UInt64, of client: String, weight: Int = 1, choices: Int = 1, deadline: Duration? = nil,
        clock: ManualClock = ManualClock()
    ) -> Submission {
        let (_, writer) = ChunkStream.makeStream(capacity: 1, onRoom: {}, onCancel: {})
        let request = GenerationRequest(
            prompt: .text("A"), deadline: deadline, choiceCount: choices, client: client, weight: weight)
        let answers = AnswerStream(
            request, ticket: ticket, promptCount: 1, model: "toy", writer: writer, now: { clock.now })
        return Submission(request: request, tokens: [65], answers: answers)
    }

    /// The line by its definition: one list, looked through from the beginning for everything.
    private struct PlainLine {
        let capacity: Int
        var entries: [WaitingLine.Entry] = []
        var turns: FairTurns<String>

        init(capacity: Int) { (self.capacity, turns) = (capacity, FairTurns(maxLead: capacity)) }

        mutating func add(_ submission: Submission) -> Submission? {
            var refused: Submission?
            if entries.count >= capacity {
                let lengths = Dictionary(entries.map { ($0.submission.request.client, 1) }, uniquingKeysWith: +)
                let victim = entries.lastIndex { entry in
                    entry.choice == 0 && lengths[entry.submission.request.client] == lengths.values.max()
                }
                guard let victim,
                    lengths[submission.request.client, default: 0] + 1
                        < lengths[entries[victim].submission.request.client, default: 0]
                else { return submission }
                refused = entries.remove(at: victim).submission
            }
            entries.append(WaitingLine.Entry(submission: submission))
            return refused
        }

        mutating func remove(where isMet: (Submission) -> Bool) -> [Submission] {
            defer { entries.removeAll { isMet($0.submission) } }
            return entries.map(\.submission).filter(isMet)
        }

        mutating func admit(_ count: Int, running: [String: Int]) -> [WaitingLine.Entry] {
            var running = running
            var admitted: [WaitingLine.Entry] = []
            while admitted.count < count, !entries.isEmpty {
                let weights = Dictionary(
                    entries.map { ($0.submission.request.client, $0.submission.request.weight) }
                ) { first, _ in first }
                func share(_ client: String) -> Double {
                    Double(running[client, default: 0]) / Double(weights[client] ?? 1)
                }
                let least = weights.keys.map(share).min()
                turns.begin(weights)
                guard let client = turns.next(among: weights.keys.filter { share($0) == least }),
                    let place = entries.firstIndex(where: { $0.submission.request.client == client })
                else { break }
                turns.charge(client, 1, weight: weights[client] ?? 1)
                admitted.append(entries[place])
                running[client, default: 0] += 1
                entries[place].choice += 1
                if entries[place].choice == entries[place].submission.request.choiceCount { entries.remove(at: place) }
            }
            return admitted
        }
    }

    /// Requests of a few clients come, leave, grow late and get slots at random: always the same as by the definition.
    @Test func randomWorkloadsGoByTheDefinition() {
        for seed in 0..<(120 as UInt64) {
            var random = SeededGenerator(seed: seed)
            let capacity = Int.random(in: 1...40, using: &random)
            let clock = ManualClock()
            var (line, plain) = (WaitingLine(capacity: capacity), PlainLine(capacity: capacity))
            var ticket: UInt64 = 0
            var tickets: [[UInt64]] = []
            for step in 0..<150 {
                tickets = []
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<6:
                    ticket += 1
                    let newcomer = Self.submission(
                        ticket, of: "\(Int.random(in: 0...3, using: &random))",
                        weight: Int.random(in: 1...4, using: &random), choices: Int.random(in: 1...3, using: &random),
                        deadline: random.chance(0.5) ? .seconds(Int.random(in: 1...40, using: &random)) : nil,
                        clock: clock)
                    tickets = [line.add(newcomer), plain.add(newcomer)].map { refused in
                        refused.map { [$0.answers.ticket] } ?? []
                    }
                case 6:
                    // One that is in line, or has left it.
                    let leaver = UInt64.random(in: 0...ticket, using: &random)
                    let left = line.remove(leaver).map { [$0] } ?? []
                    tickets = [left, plain.remove { $0.answers.ticket == leaver }].map { $0.map(\.answers.ticket) }
                case 7:
                    clock.advance(by: .seconds(Int.random(in: 0...8, using: &random)))
                    let late = [line.removeLate { clock.now }, plain.remove { $0.answers.timeout() != nil }]
                    tickets = late.map { $0.map(\.answers.ticket).sorted() }
                default:
                    let running = ["0": Int.random(in: 0...3, using: &random), "1": 1]
                    let count = Int.random(in: 0...4, using: &random)
                    tickets = [line.admit(count, running: running), plain.admit(count, running: running)].map {
                        $0.flatMap { [$0.submission.answers.ticket, UInt64($0.choice)] }
                    }
                }
                guard tickets[0] == tickets[1], line.count == plain.entries.count,
                    line.nextExpiry() == plain.entries.compactMap(\.submission.answers.expiry).min()
                else {
                    Issue.record("seed \(seed), step \(step): \(tickets)")
                    return
                }
            }
            #expect(line.removeAll().map(\.answers.ticket) == plain.entries.map(\.submission.answers.ticket))
            #expect(line.count == 0 && line.admit(9, running: [:]).isEmpty)
        }
    }

    /// A request can become late while the line is looked through: it is handed back, or still stands in line.
    @Test func whoeverIsTakenOutIsHandedBack() {
        let clock = ManualClock()
        var line = WaitingLine(capacity: 8)
        for ticket in 1...5 as ClosedRange<UInt64> {
            _ = line.add(Self.submission(ticket, of: "a", deadline: .seconds(Int(ticket)), clock: clock))
        }
        clock.advance(by: .seconds(2))
        let late = line.removeLate {
            defer { clock.advance(by: .seconds(1)) }
            return clock.now
        }
        #expect(late.map(\.answers.ticket) == [1, 2] && line.count == 3)
        #expect(line.removeLate { clock.now }.map(\.answers.ticket) == [3])
    }

    /// A stream whose first choices run is silent since its last chunk, and not since it came.
    @Test func aStreamThatGoesOnIsNotLate() {
        let clock = ManualClock()
        var line = WaitingLine(capacity: 8)
        var submission = Self.submission(1, of: "a", choices: 2, clock: clock)
        submission.request.idleTimeout = .seconds(5)
        let (_, writer) = ChunkStream.makeStream(capacity: 8)
        submission.answers = AnswerStream(
            submission.request, ticket: 1, promptCount: 1, model: "toy", writer: writer, now: { clock.now })
        _ = line.add(submission)
        #expect(line.admit(1, running: [:]).count == 1)
        clock.advance(by: .seconds(4))
        submission.answers.write(.text("a"), choice: 0)
        clock.advance(by: .seconds(3))
        #expect(line.removeLate { clock.now }.isEmpty && line.count == 1)
        clock.advance(by: .seconds(2))
        #expect(line.removeLate { clock.now }.count == 1 && line.count == 0)
    }

    /// Against a dictionary, of which some leave now and then.
    @Test func deadlinesComeInTheirOrder() {
        for seed in 0..<(100 as UInt64) {
            var random = SeededGenerator(seed: seed)
            let start = ContinuousClock.now
            var (heap, model) = (DeadlineHeap(), [UInt64: Int]())
            for ticket in 0..<(200 as UInt64) {
                let seconds = Int.random(in: 0...50, using: &random)
                heap.insert(ticket, until: start + .seconds(seconds))
                model[ticket] = seconds
                if random.chance(0.3), let first = heap.first {
                    #expect(first.expiry == start + .seconds(model.values.min() ?? -1))
                    model[first.ticket] = nil
                    heap.removeFirst()
                }
                guard random.chance(0.05) else { continue }
                for ticket in model.keys.sorted() where random.chance(0.5) { model[ticket] = nil }
                heap.compact(keeping: model)
                #expect(heap.count == model.count)
            }
            while let first = heap.first {
                #expect(first.expiry == start + .seconds(model.values.min() ?? -1))
                model[first.ticket] = nil
                heap.removeFirst()
            }
            #expect(model.isEmpty)
        }
    }
}
