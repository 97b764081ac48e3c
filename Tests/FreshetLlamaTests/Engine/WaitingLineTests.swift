import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

struct WaitingLineTests {
    /// A request whose only token is its number.
    private func submission(_ number: Int, client: String, weight: Int = 1, choices: Int = 1) -> Submission {
        let request = GenerationRequest(prompt: .text(""), choiceCount: choices, client: client, weight: weight)
        let (_, writer) = ChunkStream.makeStream()
        let answers = AnswerStream(request, promptCount: 1, model: "", writer: writer, now: { .now })
        return Submission(request: request, tokens: [Token(number)], answers: answers)
    }

    private func numbers(_ entries: [WaitingLine.Entry]) -> [Token] { entries.map { $0.submission.tokens[0] } }

    @Test func oneClientsRequestsComeInTheirOrder() {
        var line = WaitingLine(capacity: 10)
        for number in 0..<5 { #expect(line.add(submission(number, client: "a")) == nil) }
        #expect(numbers(line.admit(2, running: [:])) == [0, 1])
        #expect(numbers(line.admit(9, running: ["a": 2])) == [2, 3, 4])
        #expect(line.admit(1, running: [:]).isEmpty)
    }

    @Test func theClientThatRunsLeastForItsWeightIsNext() {
        var line = WaitingLine(capacity: 10)
        for number in 0..<4 { _ = line.add(submission(number, client: "many")) }
        _ = line.add(submission(8, client: "single"))
        _ = line.add(submission(9, client: "heavy", weight: 4))
        #expect(numbers(line.admit(1, running: ["many": 3, "heavy": 1])) == [8])
        #expect(numbers(line.admit(1, running: ["many": 3, "single": 1, "heavy": 3])) == [9])
        #expect(numbers(line.admit(2, running: [:])) == [0, 1])
    }

    /// With one slot nobody ever runs anything when the next is chosen: turns alone decide.
    @Test func withOneSlotClientsTakeTurns() {
        var line = WaitingLine(capacity: 100)
        for number in 0..<20 { _ = line.add(submission(number, client: number < 15 ? "many" : "few")) }
        let order = (0..<20).flatMap { _ in numbers(line.admit(1, running: [:])) }
        #expect(order.count == 20)
        #expect(order.prefix(10).count { $0 >= 15 } == 5, "\(order)")
    }

    @Test func choicesAreAdmittedOneByOne() {
        var line = WaitingLine(capacity: 2)
        _ = line.add(submission(0, client: "a", choices: 3))
        _ = line.add(submission(1, client: "b"))
        let first = line.admit(2, running: [:])
        #expect(first.map(\.choice) == [0, 0] && Set(numbers(first)) == [0, 1])
        #expect(line.admit(5, running: ["a": 1, "b": 1]).map(\.choice) == [1, 2])
        #expect(line.entries.isEmpty)
    }

    @Test func whenTheLineIsFullTheLongestOneGivesWay() {
        var line = WaitingLine(capacity: 4)
        for number in 0..<3 { _ = line.add(submission(number, client: "many")) }
        _ = line.add(submission(3, client: "few"))
        #expect(line.add(submission(4, client: "many"))?.tokens == [4])
        #expect(line.add(submission(5, client: "few"))?.tokens == [2])
        // Two have two each: the newest of both goes.
        #expect(line.add(submission(6, client: "new"))?.tokens == [5])
        #expect(numbers(line.entries) == [0, 1, 3, 6])
        #expect(line.add(submission(7, client: "newer"))?.tokens == [1])
        #expect(line.add(submission(8, client: "newest"))?.tokens == [8], "nobody has two any more")
    }

    @Test func whatRunsAlreadyIsNotSentAway() {
        var line = WaitingLine(capacity: 3)
        for number in 0..<3 { _ = line.add(submission(number, client: "many", choices: 2)) }
        _ = line.admit(5, running: [:])
        #expect(numbers(line.entries) == [2])
        for number in 3..<5 { _ = line.add(submission(number, client: "many")) }
        #expect(line.add(submission(9, client: "new"))?.tokens == [4])
    }

    /// Whatever comes: nothing is lost or doubled, the bound holds, and each client's requests keep their order.
    @Test(arguments: 0..<100 as Range<UInt64>)
    func nothingIsLost(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let capacity = Int.random(in: 1...8, using: &random)
        var line = WaitingLine(capacity: capacity)
        var (waiting, running): ([String: [Token]], [String: Int]) = ([:], [:])
        for number in 0..<200 {
            let client = random.pick(["a", "b", "c"])
            if random.chance(0.6) {
                let refused = line.add(
                    submission(number, client: client, weight: Int.random(in: 1...3, using: &random)))
                waiting[client, default: []].append(Token(number))
                if let refused {
                    #expect(waiting.values.reduce(0) { $0 + $1.count } == capacity + 1)
                    waiting[refused.request.client]?.removeAll { $0 == refused.tokens[0] }
                }
            } else {
                let slots = Int.random(in: 0...3, using: &random)
                let admitted = line.admit(slots, running: running)
                #expect(admitted.count == min(slots, waiting.values.reduce(0) { $0 + $1.count }))
                for entry in admitted {
                    let client = entry.submission.request.client
                    #expect(waiting[client]?.removeFirst() == entry.submission.tokens[0])
                    running[client, default: 0] += 1
                }
                if let ended = running.keys.randomElement(using: &random), running[ended] != 0 {
                    running[ended, default: 1] -= 1
                }
            }
            #expect(line.entries.count == waiting.values.reduce(0) { $0 + $1.count } && line.entries.count <= capacity)
        }
    }
}
