import Freshet
import Testing

@Suite struct ChunkGrammarTests {
    private func chunk(_ content: Chunk.Content, _ index: Int = 0, id: String = "s") -> Chunk {
        Chunk(id: id, created: 1, model: "m", index: index, content: content)
    }

    private func accepts(_ contents: [Chunk.Content]) -> Bool {
        var grammar = ChunkGrammar()
        do {
            for content in contents { try grammar.accept(chunk(content)) }
            try grammar.acceptEnd()
            return true
        } catch {
            return false
        }
    }

    private static let end = Chunk.Content.end(Usage(promptTokens: 1, completionTokens: 1), nil)
    private static let finish = Chunk.Content.finish(Finish(.stop))
    private static let progress = Chunk.Content.progress(PromptProgress(processed: 1, cached: 0, total: 2))
    private static let call = Chunk.Content.toolCall(ToolCallFragment(index: 0, id: "a", name: "f"))
    private static let callOn = Chunk.Content.toolCall(ToolCallFragment(index: 0, arguments: "{}"))

    static let good: [[Chunk.Content]] = [
        [.role(.assistant), .text("a"), .text("b"), finish, end],
        [finish, end],
        [.role(.assistant), finish, end],
        [.text("a"), finish, end],
        [progress, progress, .role(.assistant), progress, .text("a"), finish, end],
        [.role(.assistant), .reasoning("r"), .text("t"), .refusal("f"), .logProbabilities([]), finish, end],
        [call, callOn, callOn, finish, end],
        [call, .toolCall(ToolCallFragment(index: 1, id: "b", name: "g")), callOn, finish, end],
    ]

    static let bad: [[Chunk.Content]] = [
        [],
        [end],
        [progress, end],
        [.text("a"), end],
        [.text("a"), finish],
        [.text(""), finish, end],
        [.reasoning(""), finish, end],
        [.refusal(""), finish, end],
        [.text("a"), .role(.assistant), finish, end],
        [.role(.assistant), .role(.assistant), finish, end],
        [.text("a"), progress, finish, end],
        [finish, .text("a"), end],
        [finish, finish, end],
        [finish, progress, end],
        [finish, end, end],
        [finish, end, .text("a")],
        [callOn, finish, end],
        [call, call, finish, end],
        [call, .toolCall(ToolCallFragment(index: 0, id: "a")), finish, end],
    ]

    @Test(arguments: good) func acceptsWellFormedStreams(_ contents: [Chunk.Content]) { #expect(accepts(contents)) }

    @Test(arguments: bad) func refusesEverythingElse(_ contents: [Chunk.Content]) { #expect(!accepts(contents)) }

    @Test(arguments: [(0, 0, -1), (-1, 0, 4), (1, -1, 4), (1, 2, 4), (5, 0, 4), (.min, .min, .min), (1, 0, .min)])
    func refusesProgressBeyondItsBounds(_ processed: Int, _ cached: Int, _ total: Int) {
        let progress = PromptProgress(processed: processed, cached: cached, total: total)
        #expect(!accepts([.progress(progress), Self.finish, Self.end]))
    }

    @Test func choicesAreIndependent() throws {
        var grammar = ChunkGrammar()
        try grammar.accept(chunk(.role(.assistant), 0))
        try grammar.accept(chunk(.text("a"), 1))
        try grammar.accept(chunk(Self.finish, 1))
        try grammar.accept(chunk(.text("b"), 0))
        #expect(throws: ChunkGrammar.Violation.self) { try grammar.accept(chunk(.text("c"), 1)) }
        #expect(throws: ChunkGrammar.Violation.self) { try grammar.accept(chunk(Self.end)) }
        try grammar.accept(chunk(Self.finish, 0))
        try grammar.accept(chunk(Self.end))
        try grammar.acceptEnd()
    }

    @Test func identityNeverChanges() throws {
        var grammar = ChunkGrammar()
        try grammar.accept(chunk(.text("a")))
        #expect(throws: ChunkGrammar.Violation.self) { try grammar.accept(chunk(.text("b"), id: "t")) }
        #expect(throws: ChunkGrammar.Violation.self) {
            try grammar.accept(Chunk(id: "s", created: 2, model: "m", content: .text("b")))
        }
        #expect(throws: ChunkGrammar.Violation.self) {
            try grammar.accept(Chunk(id: "s", created: 1, model: "n", content: .text("b")))
        }
        try grammar.accept(chunk(.text("b")))
    }

    @Test func aRefusedChunkLeavesTheStateAsItWas() throws {
        var grammar = ChunkGrammar()
        #expect(throws: ChunkGrammar.Violation.self) { try grammar.accept(chunk(.text(""), id: "other")) }
        try grammar.accept(chunk(Self.call))
        #expect(throws: ChunkGrammar.Violation.self) { try grammar.accept(chunk(Self.call)) }
        try grammar.accept(chunk(Self.callOn))
        #expect(throws: ChunkGrammar.Violation.self) { try grammar.acceptEnd() }
        try grammar.accept(chunk(Self.finish))
        try grammar.accept(chunk(Self.end))
        try grammar.acceptEnd()
    }
}
