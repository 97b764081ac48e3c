import Freshet
import Testing

@Suite struct ChunkTests {
    @Test func onlyTextHasText() {
        let finish = Chunk.Content.finish(Finish(.stop))
        let contents: [(Chunk.Content, String?)] = [
            (.text("a"), "a"), (.reasoning("a"), nil), (.refusal("a"), nil), (.role(.user), nil), (finish, nil),
        ]
        for (content, text) in contents {
            #expect(Chunk(id: "s", created: 1, model: "m", content: content).text == text)
        }
        #expect(Chunk(id: "s", created: 1, model: "m", content: finish).index == 0)
    }

    @Test func everyFieldCounts() {
        let chunk = Chunk(id: "s", created: 1, model: "m", index: 0, content: .text("a"))
        let others = [
            Chunk(id: "t", created: 1, model: "m", index: 0, content: .text("a")),
            Chunk(id: "s", created: 2, model: "m", index: 0, content: .text("a")),
            Chunk(id: "s", created: 1, model: "n", index: 0, content: .text("a")),
            Chunk(id: "s", created: 1, model: "m", index: 1, content: .text("a")),
            Chunk(id: "s", created: 1, model: "m", index: 0, content: .reasoning("a")),
        ]
        #expect(Set(others + [chunk]).count == 6)
    }

    @Test func finishReasonsAreOpenAIsNames() {
        let names = [FinishReason.stop, .length, .toolCalls, .contentFilter].map(\.rawValue)
        #expect(names == ["stop", "length", "tool_calls", "content_filter"])
        #expect(FinishReason(rawValue: "stop") == .stop)
        #expect(Finish(.stop) != Finish(.stop, stopSequence: "x"))
        #expect(Finish(.stop) != Finish(.stop, undecodable: [UndecodableBytes(offset: 0, bytes: [255])]))
    }
}
