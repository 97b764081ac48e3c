import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

struct EmbeddingBatchTests {
    private static func job(_ ticket: UInt64, lengths: [Int], client: String = "") -> EmbeddingJob {
        EmbeddingJob(
            ticket: ticket, request: EmbeddingRequest(inputs: [.text("a")], client: client),
            texts: lengths.map { Array(repeating: 1, count: $0) }, expiry: nil)
    }

    /// Every text comes once and in its job's order, no batch is larger than allowed or empty, and nobody is passed over.
    @Test(arguments: 0..<50) func randomJobsAreTakenWholeAndInTurn(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let limits = EmbeddingBatch.Limits(
            tokens: Int.random(in: 1...40, using: &generator), texts: Int.random(in: 1...6, using: &generator))
        var jobs = (0..<UInt64.random(in: 1...6, using: &generator)).map { ticket in
            Self.job(
                ticket,
                lengths: (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                    Int.random(in: 1...60, using: &generator)
                })
        }
        let all = jobs.map { job in job.texts.indices.map { "\(job.ticket).\($0)" } }
        var (turn, clients, taken) = (0, FairTurns<String>(maxLead: limits.tokens), [UInt64: [String]]())
        var waits: [UInt64: Int] = [:]
        while jobs.contains(where: { $0.nextLength != nil }) {
            let batch = EmbeddingBatch(from: &jobs, turn: &turn, clients: &clients, limits: limits)
            #expect((1...limits.texts).contains(batch.items.count))
            let count = batch.items.reduce(0) { $0 + $1.tokens.count }
            #expect(count <= limits.tokens || batch.items.count == 1)
            for item in batch.items { taken[item.ticket, default: []].append("\(item.ticket).\(item.place)") }
            for job in jobs where job.nextLength != nil {
                let isServed = batch.items.contains { $0.ticket == job.ticket }
                waits[job.ticket] = isServed ? 0 : waits[job.ticket, default: 0] + 1
                #expect(waits[job.ticket, default: 0] < jobs.count, "a turn comes round")
            }
        }
        #expect(jobs.map { taken[$0.ticket] ?? [] } == all)
        #expect(EmbeddingBatch(from: &jobs, turn: &turn, clients: &clients, limits: limits).items.isEmpty)
    }

    @Test func aSingleTextIsInTheFirstBatchBesideThousands() {
        var jobs = [Self.job(1, lengths: Array(repeating: 10, count: 2000)), Self.job(2, lengths: [10])]
        var (turn, clients) = (0, FairTurns<String>(maxLead: 40))
        let batch = EmbeddingBatch(from: &jobs, turn: &turn, clients: &clients, limits: .init(tokens: 40, texts: 8))
        #expect(batch.items.map(\.ticket) == [1, 2, 1, 1])
    }

    /// A client that asks ten times gets no more than one that asks once, for as long as both want something; and what is
    /// left over when the other is done.
    @Test func clientsTakeTurnsHoweverOftenTheyAsk() {
        var jobs = (0..<10).map { Self.job($0, lengths: [10, 10, 10], client: "many") }
        jobs.append(Self.job(10, lengths: Array(repeating: 5, count: 12), client: "single"))
        var (turn, clients) = (0, FairTurns<String>(maxLead: 40))
        var tokens: [String: Int] = [:]
        var seen: Set<UInt64> = []
        for _ in 0..<3 {
            let batch = EmbeddingBatch(
                from: &jobs, turn: &turn, clients: &clients, limits: .init(tokens: 40, texts: 8))
            for item in batch.items {
                tokens[item.ticket == 10 ? "single" : "many", default: 0] += item.tokens.count
                seen.insert(item.ticket)
            }
        }
        #expect(tokens == ["single": 60, "many": 60])
        // Its own requests had their turns, too.
        #expect(seen.count == 7)
        let rest = EmbeddingBatch(from: &jobs, turn: &turn, clients: &clients, limits: .init(tokens: 40, texts: 8))
        #expect(rest.items.count == 4)
    }
}
