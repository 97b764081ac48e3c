import Freshet
import FreshetTestSupport
import Testing

@Suite struct ProviderTests {
    private let request = GenerationRequest(prompt: .text("Hi"))
    private static let end = Chunk.Content.end(Usage(promptTokens: 1, completionTokens: 1), nil)

    /// Providers, and how many choices each gives.
    private static let providers: [(ScriptedProvider, Int)] = [
        (ScriptedProvider(answering: ["a", "é", "🍋"]), 1),
        (ScriptedProvider(answering: (0..<50).map { "\($0) " }, finish: Finish(.length), capacity: 1), 1),
        (
            ScriptedProvider([
                .pause, .write(.progress(PromptProgress(processed: 2, cached: 0, total: 2))), .write(.role(.assistant)),
                .write(.role(.assistant), index: 1), .pause, .write(.text("x"), index: 1), .write(.reasoning("r")),
                .pause,
                .write(.toolCall(ToolCallFragment(index: 0, id: "c", name: "f"))),
                .write(.finish(Finish(.stop)), index: 1),
                .pause, .write(.finish(Finish(.toolCalls))), .pause, .write(end),
            ]), 2
        ),
        // One after the other.
        (
            ScriptedProvider(
                (0..<3).flatMap { index -> [ScriptedProvider.Step] in
                    [.role(.assistant), .text("choice "), .text("\(index)"), .finish(Finish(.stop))].map {
                        .write($0, index: index)
                    } + [.pause]
                } + [.write(end)], capacity: 2), 3
        ),
    ]

    @Test(arguments: ProviderConformance.laws) func scriptsObeyTheLaws(_ law: ProviderConformance.Law) async throws {
        for (provider, choiceCount) in Self.providers {
            var request = request
            request.choiceCount = choiceCount
            try await law.check(provider, request)
        }
    }

    /// Streams that break one law each: a suite that cannot fail would prove nothing.
    private static let outlaws: [(law: String, provider: ScriptedProvider)] = [
        ("chunks follow the grammar", ScriptedProvider([.write(.text("a")), .write(end)])),
        ("nothing follows the end", ScriptedProvider([.write(.text("a")), .vanish])),
        ("the whole is the fold", ScriptedProvider([.write(.text("a")), .fail(GenerationError(.engineFailed, "x"))])),
        ("text is whole", ScriptedProvider(answering: ["a", ""])),
        (
            "text is whole",
            ScriptedProvider(
                answering: [], finish: Finish(.stop, undecodable: [UndecodableBytes(offset: 0, bytes: [97])]))
        ),
        (
            "text is whole",
            ScriptedProvider([
                .write(.text("a")), .write(.finish(Finish(.stop))),
                .write(
                    .finish(Finish(.stop, undecodable: [UndecodableBytes(offset: 0, bytes: [97])])), index: 1),
                .write(end),
            ])
        ),
        (
            "as many choices come as were asked for",
            ScriptedProvider([
                .write(.finish(Finish(.stop))), .write(.finish(Finish(.stop)), index: 1), .write(end),
            ])
        ),
        ("stops are clean", ScriptedProvider(answering: ["a#", "#b"])),
        ("stops are clean", ScriptedProvider(answering: ["a"], finish: Finish(.stop, stopSequence: "other"))),
        ("usage stands at the end", ScriptedProvider(answering: ["a", "b", "c"])),
    ]

    @Test(arguments: outlaws.indices) func brokenLawsAreSeen(_ place: Int) async throws {
        var request = request
        (request.stop, request.maxTokens) = (["##"], 2)
        let (name, provider) = Self.outlaws[place]
        let law = try #require(ProviderConformance.laws.first { $0.description == name })
        await #expect(throws: (any Error).self) { try await law.check(provider, request) }
    }

    @Test func failuresKeepPartialWork() async throws {
        let failing: [(ScriptedProvider.Step, GenerationError.Code)] = [
            (.fail(GenerationError(.engineFailed, "broken")), .engineFailed), (.vanish, .truncated),
        ]
        for (step, code) in failing {
            let provider = ScriptedProvider([.write(.text("a")), .pause, .write(.text("b")), step, .write(.text("c"))])
            let error = try await ProviderConformance.failureKeepsPartialWork(provider, request)
            #expect(error.code == code && error.partial?.text == "ab")
        }
        let sound = ScriptedProvider(answering: ["a"])
        await #expect(throws: ProviderConformance.Violation.self) {
            try await ProviderConformance.failureKeepsPartialWork(sound, request)
        }
    }

    @Test func aProviderIsNeverFurtherAheadThanItsCapacity() async throws {
        let provider = ScriptedProvider(answering: (0..<100).map(String.init), capacity: 6)
        let iterator = try await provider.stream(request).makeAsyncIterator()
        #expect(provider.record.snapshot.written == 6, "a reader that never reads holds the writer up")
        var read = 0
        while try await iterator.next() != nil {
            read += 1
            #expect(provider.record.snapshot.written <= read - 1 + 6)
        }
        #expect(read == 103)
    }

    @Test func leavingAStalledProviderCancelsIt() async throws {
        let provider = ScriptedProvider([.write(.text("a")), .stall])
        do {
            let iterator = try await provider.stream(request).makeAsyncIterator()
            _ = try await iterator.next()
            #expect(provider.record.snapshot.cancelled == 0)
        }
        #expect(provider.record.snapshot.cancelled == 1)
        do { _ = try await provider.stream(request) }
        #expect(provider.record.snapshot.cancelled == 2)
    }

    @Test func aReplyIsRefusedAsItsStreamIs() async {
        let error = await #expect(throws: GenerationError.self) {
            try await ScriptedProvider(answering: []).reply(to: GenerationRequest(prompt: .messages([])))
        }
        #expect(error?.code == .invalidRequest)
    }
}
