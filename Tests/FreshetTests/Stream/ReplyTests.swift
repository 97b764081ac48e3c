import Freshet
import Testing

@Suite struct ReplyTests {
    private func fold(_ contents: [(Chunk.Content, Int)]) -> Reply {
        var reply = Reply()
        for (content, index) in contents {
            reply.append(Chunk(id: "s", created: 7, model: "m", index: index, content: content))
        }
        return reply
    }

    @Test func nothingHasCome() {
        let reply = Reply()
        #expect(reply.id.isEmpty && reply.model.isEmpty && reply.created == 0 && reply.choices.isEmpty)
        #expect(reply.text.isEmpty && reply.finish == nil && reply.usage == nil && reply.timings == nil)
    }

    @Test func metadataIsLaidOverOneAnother() {
        var reply = Reply()
        #expect(reply.metadata == [:])
        for (content, remainder) in [
            (.role(.assistant), ["fp": "a", "x": ["id": 1]]), (.text("a"), ["x": ["usage": 2]]), (.text("b"), [:]),
        ] as [(Chunk.Content, JSONValue)] {
            let metadata = Metadata(remainder: remainder, raw: [1])
            reply.append(Chunk(id: "s", created: 7, model: "m", content: content, metadata: metadata))
        }
        #expect(reply.metadata == ["fp": "a", "x": ["id": 1, "usage": 2]])
    }

    @Test func everyKindOfContentFindsItsPlace() throws {
        let token = TokenLogProbability(token: .init(bytes: [97], logProbability: -1))
        let usage = Usage(promptTokens: 2, completionTokens: 3)
        let timings = Timings(prompt: .seconds(1), decode: .seconds(2), firstToken: nil)
        let finish = Finish(.toolCalls, undecodable: [UndecodableBytes(offset: 2, bytes: [255])])
        let reply = fold([
            (.progress(PromptProgress(processed: 1, cached: 0, total: 2)), 0), (.role(.assistant), 0),
            (.reasoning("r1"), 0), (.reasoning("r2"), 0), (.text("a"), 0), (.refusal("n"), 0), (.text("b"), 0),
            (.logProbabilities([token]), 0), (.logProbabilities([token]), 0), (.refusal("o"), 0),
            (.toolCall(ToolCallFragment(index: 4, id: "x", name: "f", arguments: "{")), 0),
            (.toolCall(ToolCallFragment(index: 9, name: "g")), 0),
            (.toolCall(ToolCallFragment(index: 4, arguments: "}")), 0), (.finish(finish), 0), (.end(usage, timings), 0),
        ])
        let choice = try #require(reply.choices.first)
        #expect(reply.choices.count == 1 && choice.role == .assistant && choice.finish == finish)
        #expect(choice.text == "ab" && choice.reasoning == "r1r2" && choice.refusal == "no")
        #expect(choice.logProbabilities == [token, token])
        #expect(
            choice.toolCalls == [
                Reply.ToolCall(index: 4, id: "x", name: "f", arguments: "{}"),
                Reply.ToolCall(index: 9, id: "", name: "g", arguments: ""),
            ])
        #expect(reply.usage == usage && reply.timings == timings)
        #expect(reply.id == "s" && reply.created == 7 && reply.model == "m")
        #expect(reply.text == "ab" && reply.finish == finish)
    }

    @Test func choicesStandInOrderHoweverTheyCome() {
        let reply = fold([(.text("c"), 2), (.text("a"), 0), (.text("b"), 1), (.text("c"), 2)])
        #expect(reply.choices.map(\.index) == [0, 1, 2])
        #expect(reply.choices.map(\.text) == ["a", "b", "cc"])
    }

    @Test func piecesKeepTheirBytes() {
        #expect(Array(fold([(.text("e"), 0), (.text("\u{301}"), 0)]).text.utf8) == Array("e\u{301}".utf8))
    }

    @Test func usageAddsUp() {
        #expect(Usage(promptTokens: 2, completionTokens: 3, cachedTokens: 1).totalTokens == 5)
    }
}
