import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

/// Law 6: the same request to the local engine, and over HTTP to our own server, gives the same chunks.
struct LocalAndHTTPTests {
    @Test func twoHundredRandomRequestsGiveTheSameChunks() async throws {
        // Two engines that meet the same requests in the same order, so that their prefixes in memory are the same too.
        let local = try await LlamaProvider.load(.embedded)
        let service = try await LoopbackService.start()
        var requests = RandomRequest(seed: 2026, vocabularySize: local.llama.vocabulary.count)
        var kinds = (stopped: 0, limited: 0, failed: 0)
        for number in 0..<200 {
            let request = requests.next()
            let expected = await Outcome.of(local, request)
            #expect(await Outcome.of(service.remote, request) == expected, "request \(number): \(request)")
            switch expected {
            case .failure: kinds.failed += 1
            case .chunks(let chunks):
                let reasons = chunks.compactMap { chunk in
                    if case .finish(let finish) = chunk.content { finish.reason } else { nil }
                }
                if reasons == [.stop] { kinds.stopped += 1 } else { kinds.limited += 1 }
            }
        }
        // The requests must have tried both ends of an answer, and failed seldom.
        #expect(kinds.stopped > 30 && kinds.limited > 30 && kinds.failed < 20, "\(kinds)")
        await service.stop()
        await local.shutDown()
    }

    /// Exactly: three engines that have computed the same batches have the same logits.
    @Test(arguments: [nil, 0, 5]) func logProbabilitiesAreTheSame(_ count: Int?) async throws {
        let local = try await LlamaProvider.load(.embedded)
        let (service, other) = (try await LoopbackService.start(), try await LoopbackService.start())
        for prompt in [
            Prompt.text("Q: What colour is 🙂?\nA:"), .messages([Message(role: .user, content: "Say naïve café.")]),
        ] {
            for seed in 1...4 as ClosedRange<UInt64> {
                var request = GenerationRequest(
                    prompt: prompt, maxTokens: 60, stop: [". ", "é"], logProbabilities: count)
                (request.sampling.seed, request.sampling.temperature) = (seed, 3)
                let expected = try await local.reply(to: request)
                let streamed = try await service.remote.reply(to: request)
                let whole = try await other.whole(request)
                #expect(streamed.choices == expected.choices)
                #expect(whole.choices == expected.choices && whole.usage == expected.usage)
                #expect((count == nil) == (expected.choices[0].logProbabilities == []))
            }
        }
        await service.stop()
        await other.stop()
        await local.shutDown()
    }

    @Test(arguments: ProviderConformance.laws) func theRemoteProviderObeys(_ law: ProviderConformance.Law) async throws
    {
        let service = try await LoopbackService.start()
        for (prompt, stop) in [
            (Prompt.text("Once upon a time"), ["dragon", "."]),
            (.messages([Message(role: .user, content: "What colour is the sky?")]), []),
        ] {
            for choiceCount in [1, 3] {
                let request = GenerationRequest(
                    prompt: prompt, sampling: .greedy, maxTokens: 24, stop: stop, choiceCount: choiceCount,
                    reportsProgress: true, reusesPrefix: false, speculates: choiceCount == 3,
                    logProbabilities: choiceCount)
                try await law.check(service.remote, request)
            }
        }
        await service.stop()
    }

    @Test func refusalsAreTheSame() async throws {
        let service = try await LoopbackService.start()
        var refused = [
            GenerationRequest(prompt: .messages([])),
            GenerationRequest(prompt: .tokens([-1])),
            GenerationRequest(prompt: .tokens([1 << 20])),
            GenerationRequest(prompt: .text(String(repeating: "word ", count: 3000)), maxTokens: 1),
            GenerationRequest(
                prompt: .messages(Array(repeating: Message(role: .user, content: "a"), count: 5000)), maxTokens: 1),
        ]
        refused.append(GenerationRequest(prompt: .text("a")))
        refused[5].sampling.logitBias = [1 << 20: 1]
        for request in refused {
            let local = await Outcome.of(service.local, request)
            guard case .failure = local else {
                Issue.record("the local engine took \(request)")
                continue
            }
            #expect(await Outcome.of(service.remote, request) == local)
        }
        await service.stop()
    }

    @Test func aDeadlineKeepsWhatHadCome() async throws {
        let service = try await LoopbackService.start()
        var request = GenerationRequest(prompt: .text("Once upon a time"), deadline: .seconds(2))
        request.sampling.ignoresEndOfGeneration = true
        // A reader that takes its time: the answer must not be complete before the deadline.
        for provider in [service.local, service.remote] as [any Provider] {
            let iterator = try await provider.stream(request).makeAsyncIterator()
            let error = await #expect(throws: GenerationError.self) {
                while try await iterator.next() != nil { try await Task.sleep(for: .milliseconds(10)) }
            }
            #expect(error?.code == .deadlineExceeded && error?.partial == iterator.reply)
            #expect(!iterator.reply.text.isEmpty)
        }
        await service.stop()
    }

    @Test(arguments: [true, false]) func theEndOfTheContextIsTheSame(_ shifts: Bool) async throws {
        var options = LlamaOptions.embedded
        options.contextLength = 96
        let service = try await LoopbackService.start(options)
        for choiceCount in [1, 2] {
            var request = GenerationRequest(
                prompt: .text("Once upon a time"), sampling: .greedy, maxTokens: 300, choiceCount: choiceCount,
                shiftsContext: shifts, reusesPrefix: false)
            request.sampling.ignoresEndOfGeneration = true
            let local = await Outcome.of(service.local, request)
            #expect(await Outcome.of(service.remote, request) == local)
            let reply = try await service.local.reply(to: request)
            #expect(reply.choices.map(\.finish?.reason) == Array(repeating: .length, count: choiceCount))
            #expect(shifts == (reply.usage?.completionTokens == 300 * choiceCount), "\(reply.usage as Any)")
        }
        await service.stop()
    }
}
