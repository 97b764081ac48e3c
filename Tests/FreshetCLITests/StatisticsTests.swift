import Freshet
import Testing

@testable import FreshetCLI

struct StatisticsTests {
    private static func statistics(_ usage: Usage, _ timings: Timings?) throws -> Statistics {
        var reply = Reply()
        reply.append(Chunk(id: "a", created: 1, model: "m", content: .end(usage, timings)))
        return try #require(Statistics(reply))
    }

    @Test func theNumbersAreTold() throws {
        let usage = Usage(promptTokens: 30, completionTokens: 11, cachedTokens: 10)
        let timings = Timings(
            prompt: .milliseconds(500), decode: .seconds(2), firstToken: .milliseconds(510), draftedTokens: 9,
            acceptedTokens: 8)
        #expect(
            try Self.statistics(usage, timings).lines == [
                "prompt: 30 tokens, 10 of them still in memory in 0.500 s, 40.0 tokens a second",
                "answer: 11 tokens in 2.000 s, 5.0 tokens a second", "first token after 0.510 s",
                "of 9 tokens guessed, 8 were right",
            ])
    }

    @Test func theAnswersOfARequestAreToldTogether() throws {
        var reply = Reply()
        for index in 0..<3 {
            reply.append(
                Chunk(id: "a", created: 1, model: "m", index: index, content: .text(String(repeating: "é", count: 4))))
        }
        #expect(Statistics.lineOfPart(of: reply) == "answer: not whole, 12 characters")
        let usage = Usage(promptTokens: 30, completionTokens: 33, cachedTokens: 10)
        let timings = Timings(prompt: .milliseconds(500), decode: .seconds(2), firstToken: nil)
        reply.append(Chunk(id: "a", created: 1, model: "m", content: .end(usage, timings)))
        #expect(
            try #require(Statistics(reply)).lines == [
                "prompt: 30 tokens, 10 of them still in memory in 0.500 s, 40.0 tokens a second",
                "3 answers: 33 tokens in 2.000 s, 15.0 tokens a second",
            ])
    }

    @Test func nothingIsDividedByZero() throws {
        let timings = Timings(prompt: .zero, decode: .zero, firstToken: nil)
        let lines = try Self.statistics(Usage(promptTokens: 1, completionTokens: 0), timings).lines
        #expect(lines == ["prompt: 1 token in 0.000 s", "answer: 0 tokens in 0.000 s"])
    }

    @Test func timesMayBeUnknown() throws {
        let lines = try Self.statistics(Usage(promptTokens: 2, completionTokens: 1), nil).lines
        #expect(lines == ["prompt: 2 tokens", "answer: 1 token"])
    }

    @Test func ofAnUnfinishedReplyOnlyTheTextIsTold() {
        var reply = Reply()
        #expect(Statistics(reply) == nil)
        #expect(Statistics.lineOfPart(of: reply) == "answer: not whole, 0 characters")
        reply.append(Chunk(id: "a", created: 1, model: "m", content: .text("é")))
        #expect(Statistics.lineOfPart(of: reply) == "answer: not whole, 1 character")
    }
}
