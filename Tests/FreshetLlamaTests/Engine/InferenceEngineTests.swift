import Freshet
import FreshetTestSupport
import Synchronization
import Testing

@testable import FreshetLlama

struct InferenceEngineTests {
    @Test func answersWithTheModelsText() async throws {
        let script = ToyBackend.Script()
        let engine = try await InferenceEngine.toy(script)
        let reply = try await engine.ask("HELLO").collect()
        #expect(reply.text == script.answer(to: "HELLO"))
        #expect(reply.finish == Finish(.stop))
        #expect(reply.usage == Usage(promptTokens: 5, completionTokens: 21))
        #expect(reply.timings?.firstToken != nil)
    }

    @Test func everyStreamKeepsTheGrammar() async throws {
        let engine = try await InferenceEngine.toy(ToyBackend.Script(batchCapacity: 2))
        for maxTokens in [nil, 0, 1, 5] {
            var grammar = ChunkGrammar()
            for try await chunk in try engine.ask("PROMPT", maxTokens: maxTokens, progress: true) {
                try grammar.accept(chunk)
            }
            try grammar.acceptEnd()
        }
    }

    @Test(arguments: [0, 1, 7, 20])
    func tokenLimitEndsWithLength(limit: Int) async throws {
        let script = ToyBackend.Script()
        let reply = try await InferenceEngine.toy(script).ask("AB", maxTokens: limit).collect()
        #expect(reply.text == script.answer(to: "AB", maxTokens: limit))
        #expect(reply.finish?.reason == .length)
        #expect(reply.usage?.completionTokens == limit)
    }

    @Test func theEndOfTheContextEndsWithLength() async throws {
        let script = ToyBackend.Script(answerLength: 1_000)
        let prompt = String(repeating: "A", count: 100)
        let reply = try await InferenceEngine.toy(script).ask(prompt).collect()
        // 128 places, and the token picked after the last of them.
        #expect(reply.usage == Usage(promptTokens: 100, completionTokens: 29))
        #expect(reply.text == script.answer(to: prompt))
        #expect(reply.finish?.reason == .length)
    }

    @Test func aPromptThatFillsTheContextStillGetsOneToken() async throws {
        let engine = try await InferenceEngine.toy(ToyBackend.Script())
        let reply = try await engine.ask(String(repeating: "A", count: 128)).collect()
        #expect(reply.usage?.completionTokens == 1)
    }

    @Test func aPromptThatDoesNotFitIsRefusedWithBothLengths() async throws {
        let engine = try await InferenceEngine.toy(ToyBackend.Script())
        let error = #expect(throws: GenerationError.self) { try engine.ask(String(repeating: "A", count: 129)) }
        #expect(error?.code == .promptTooLong)
        #expect(error?.message.contains("129") == true && error?.message.contains("128") == true)
        #expect(throws: GenerationError.self) { try engine.ask("") }
    }

    @Test func aStopSequenceIsNeverEmitted() async throws {
        let script = ToyBackend.Script()
        let whole = script.answer(to: "STOP")
        let stop = String(whole.dropFirst(6).prefix(3))
        let reply = try await InferenceEngine.toy(script).ask("STOP", stop: [stop, "zzzzzz"]).collect()
        #expect(reply.text == whole[..<whole.firstRange(of: stop)!.lowerBound])
        #expect(reply.finish == Finish(.stop, stopSequence: stop))
    }

    @Test func charactersComeWholeAndStrayBytesAreReported() async throws {
        let bytes = Array("naïve 👩‍👩‍👧 ".utf8) + [0xFF] + Array("日本".utf8) + [0xE6, 0x97]
        let script = ToyBackend.Script(bytes: bytes)
        var pieces: [String] = []
        let iterator = try await InferenceEngine.toy(script).ask("UTF").makeAsyncIterator()
        while let chunk = try await iterator.next() { pieces += chunk.text.map { [$0] } ?? [] }
        #expect(pieces.joined() == "naïve 👩‍👩‍👧 日本")
        #expect(!pieces.contains { $0.unicodeScalars.contains("\u{FFFD}") })
        #expect(
            iterator.reply.finish?.undecodable == [
                UndecodableBytes(offset: "naïve 👩‍👩‍👧 ".utf8.count, bytes: [0xFF]),
                UndecodableBytes(offset: "naïve 👩‍👩‍👧 日本".utf8.count, bytes: [0xE6, 0x97]),
            ])
    }

    @Test func strayBytesWithinAStopAreNoPartOfTheAnswer() async throws {
        let within = ToyBackend.Script(bytes: [97, 98, 0xFF, 99, 100])
        let reply = try await InferenceEngine.toy(within).ask("STRAY", stop: ["bc"]).collect()
        #expect(reply.text == "a" && reply.finish == Finish(.stop, stopSequence: "bc"))
        let before = ToyBackend.Script(bytes: [97, 0xFF, 98, 99, 100])
        let other = try await InferenceEngine.toy(before).ask("STRAY", stop: ["bc"]).collect()
        #expect(other.finish?.undecodable == [UndecodableBytes(offset: 1, bytes: [0xFF])])
    }

    @Test func aSharedPrefixIsNotComputedAgain() async throws {
        let script = ToyBackend.Script()
        let engine = try await InferenceEngine.toy(script)
        _ = try await engine.ask("ABCDEFGH").collect()
        let second = try await engine.ask("ABCDEFXY").collect()
        #expect(second.usage?.cachedTokens == 6)
        #expect(second.text == script.answer(to: "ABCDEFXY"))
        let same = try await engine.ask("ABCDEFXY").collect()
        #expect(same.usage?.cachedTokens == 7)
        #expect(same.text == second.text)
    }

    @Test func aRequestCanAskForItsWholePromptToBeComputed() async throws {
        let engine = try await InferenceEngine.toy(ToyBackend.Script())
        for _ in 0..<2 {
            let request = GenerationRequest(prompt: .text("AB"), sampling: .greedy, reusesPrefix: false)
            let reply = try await engine.submit(request, tokens: [65, 66]).collect()
            #expect(reply.usage?.cachedTokens == 0)
        }
    }

    @Test func memoryThatCannotBeCutBackIsBuiltAnew() async throws {
        let script = ToyBackend.Script(isTrimmable: false)
        let engine = try await InferenceEngine.toy(script)
        _ = try await engine.ask("ABCDEFGH").collect()
        let second = try await engine.ask("ABCDEFXY").collect()
        #expect(second.usage?.cachedTokens == 0)
        #expect(second.text == script.answer(to: "ABCDEFXY"))
    }

    @Test func promptProgressReachesTheWhole() async throws {
        let engine = try await InferenceEngine.toy(ToyBackend.Script(batchCapacity: 4))
        var seen: [PromptProgress] = []
        for try await chunk in try engine.ask("ABCDEFGHIJ", progress: true) {
            if case .progress(let progress) = chunk.content { seen.append(progress) }
        }
        #expect(seen.map(\.processed) == [0, 4, 8, 10])
        #expect(seen.allSatisfy { $0.total == 10 && $0.cached == 0 })
    }

    @Test func aReaderThatNeverReadsStopsItsGenerationOnly() async throws {
        let script = ToyBackend.Script(answerLength: 100)
        let engine = try await InferenceEngine.toy(script) { configuration in
            configuration.streamCapacity = 5
            configuration.slotCount = 2
        }
        let unread = try engine.ask("UNREAD")
        for _ in 0..<3 {
            let reply = try await engine.ask("READ", maxTokens: 10).collect()
            #expect(reply.text == script.answer(to: "READ", maxTokens: 10))
        }
        // 6 tokens of prompt and 5 of answer; the rest waits for the reader. The others computed at most 3 × 14.
        #expect(script.computed.load(ordering: .relaxed) <= 6 + 5 + 3 * 14)
        let reply = try await unread.collect()
        #expect(reply.text == script.answer(to: "UNREAD"))
    }

    @Test func aRequestWaitsForTheSlot() async throws {
        let script = ToyBackend.Script()
        let engine = try await InferenceEngine.toy(script)
        let streams = try ["A", "B", "C", "D"].map { prompt throws(GenerationError) in try engine.ask(prompt) }
        for (stream, prompt) in zip(streams, ["A", "B", "C", "D"]) {
            #expect(try await stream.collect().text == script.answer(to: prompt))
        }
    }

    @Test func aFullQueueIsAnErrorWithARetryHint() async throws {
        let engine = try await InferenceEngine.toy(ToyBackend.Script(answerLength: 100)) { configuration in
            configuration.queueCapacity = 2
            configuration.streamCapacity = 1
        }
        let running = try engine.ask("RUNNING").makeAsyncIterator()
        _ = try await running.next()
        let waiting = try (0..<2).map { _ throws(GenerationError) in try engine.ask("WAITING") }
        let error = #expect(throws: GenerationError.self) { try engine.ask("TOO MANY") }
        #expect(error?.code == .overloaded)
        #expect(error?.retryAfter != nil)
        waiting[0].cancel()
        _ = try engine.ask("AGAIN")
    }

    @Test func shuttingDownFailsWhatRunsAndWhatWaits() async throws {
        let engine = try await InferenceEngine.toy(ToyBackend.Script(answerLength: 100)) { $0.streamCapacity = 1 }
        let running = try engine.ask("RUNNING").makeAsyncIterator()
        _ = try await running.next()
        let waiting = try engine.ask("WAITING")
        await engine.shutDown()
        let failure = await #expect(throws: GenerationError.self) { while try await running.next() != nil {} }
        #expect(failure?.code == .shuttingDown)
        let refused = await #expect(throws: GenerationError.self) { try await waiting.collect() }
        #expect(refused?.code == .shuttingDown)
        #expect(throws: GenerationError.self) { try engine.ask("LATE") }
    }

    @Test func aBackendThatCannotBeMadeIsAnError() async {
        let failure = await #expect(throws: GenerationError.self) {
            try await InferenceEngine.start(InferenceEngine.Configuration(model: "none")) {
                () throws(GenerationError) in
                throw GenerationError(.outOfMemory, "No memory.")
            }
        }
        #expect(failure?.code == .outOfMemory)
    }
}
