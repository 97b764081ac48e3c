import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Reproducible requests: to the last bit of every log-probability the same, whatever else runs.
@Suite struct ReproducibleTests {
    private static func request(_ seed: UInt64 = 7, _ change: (inout GenerationRequest) -> Void = { _ in })
        -> GenerationRequest
    {
        var request = GenerationRequest(
            prompt: .text(
                "Once upon a time there was a small dragon who lived near the river. Every morning he flew over the hill "
                    + "to the old mill, where a girl gave him bread and told him of the sea. One day the mill was dark, and"
            ),
            maxTokens: 40, logProbabilities: 3, isReproducible: true)
        (request.sampling.seed, request.sampling.temperature) = (seed, 1.1)
        request.sampling.ignoresEndOfGeneration = true
        change(&request)
        return request
    }

    private static func load(_ change: (inout LlamaOptions) -> Void = { _ in }) async throws -> LlamaProvider {
        var options = LlamaOptions(modelPath: EmbeddedModel.path)
        (options.contextLength, options.slotCount) = (512, 6)
        change(&options)
        return try await LlamaProvider.load(options)
    }

    @Test(arguments: [1, 2]) func fifteenNoisyNeighboursChangeNothing(threads: Int) async throws {
        // No batch is as short as this gap, such that other prompts are cut as small as they can be.
        let provider = try await Self.load { ($0.gapTarget, $0.threads) = (.microseconds(10), threads) }
        let alone = try await provider.reply(to: Self.request()).choices
        let noise = ChunkCount()
        try await withThrowingTaskGroup(of: Void.self) { neighbours in
            for number in 0..<15 {
                neighbours.addTask {
                    var requests = RandomRequest(seed: UInt64(number), vocabularySize: provider.llama.vocabulary.count)
                    var generator = SeededGenerator(seed: UInt64(number))
                    // Until the group is cancelled; some leave in the middle, and some have no place in the line.
                    while !Task.isCancelled {
                        var request = requests.next()
                        // Those wait in the line in which the request stands that is looked at, and are no noise there.
                        if number > 2 { request.isReproducible = false }
                        request.reportsProgress = true
                        guard let stream = try? await provider.stream(request) else {
                            // Many refusals in a row would leave no thread to anybody else.
                            await Task.yield()
                            continue
                        }
                        var left = Int.random(in: 1...40, using: &generator)
                        let chunks = stream.makeAsyncIterator()
                        while left > 0, let chunk = try? await chunks.next() {
                            left -= 1
                            if chunk.isComputed { noise.add() }
                        }
                    }
                }
            }
            let start = ContinuousClock.now
            while noise.value == 0, start.duration(to: .now) < .seconds(60) {
                try await Task.sleep(for: .milliseconds(2))
            }
            // Threads that meet for every operation are slow where other tests run too.
            for _ in 0..<3 / threads {
                let before = noise.value
                let reply = try await provider.reply(to: Self.request())
                #expect(reply.choices == alone)
                // Refusals are no noise.
                #expect(noise.value > before)
            }
            let before = noise.value
            #expect(try await Self.pieces(of: provider.stream(Self.request { $0.reportsProgress = true })) == [16])
            #expect(noise.value > before)
            neighbours.cancelAll()
        }
        await provider.shutDown()
    }

    /// The sizes of the pieces in which a prompt is computed, without the last one.
    private static func pieces(of stream: ChunkStream) async throws -> Set<Int> {
        var processed: [Int] = []
        for try await chunk in stream {
            if case .progress(let progress) = chunk.content { processed.append(progress.processed) }
        }
        return Set(zip(processed.dropFirst(), processed).map { $0 - $1 }.dropLast())
    }

    /// How the other engine is set up, and what was computed before, does not count.
    @Test func theOtherEnginesSettingsDoNotCount() async throws {
        let first = try await Self.load()
        let expected = try await first.reply(to: Self.request()).choices
        await first.shutDown()
        let other = try await Self.load { options in
            (options.slotCount, options.batchSize, options.microBatchSize) = (2, 96, 48)
            (options.gapTarget, options.queueCapacity, options.streamCapacity) = (.milliseconds(20), 3, 2)
        }
        _ = try await other.reply(to: Self.request(1) { $0.prompt = .text("The river") })
        #expect(try await other.reply(to: Self.request()).choices == expected)
        // A stream that was left behind, in the middle of its prompt or its answer, does not count either.
        for chunkCount in [1, 5, 20] {
            let chunks = try await other.stream(Self.request(3) { $0.reportsProgress = true }).makeAsyncIterator()
            for _ in 0..<chunkCount { _ = try await chunks.next() }
        }
        #expect(try await other.reply(to: Self.request { $0.speculates = true }).choices == expected)
        await other.shutDown()
    }

    @Test func eachChoiceIsTheOneOfItsSeed() async throws {
        let provider = try await Self.load()
        let reply = try await provider.reply(to: Self.request(20) { $0.choiceCount = 3 })
        for (offset, choice) in reply.choices.enumerated() {
            var alone = try await provider.reply(to: Self.request(20 + UInt64(offset))).choices[0]
            alone.index = offset
            #expect(choice == alone)
        }
        #expect(Set(reply.choices.map(\.text)).count == 3)
        await provider.shutDown()
    }

    @Test func aSeedIsTakenAndTold() async throws {
        let provider = try await Self.load()
        let reply = try await provider.reply(to: Self.request { $0.sampling.seed = nil })
        guard case .integer(let seed) = reply.metadata["seed"] else {
            Issue.record("no seed in \(reply.metadata)")
            return
        }
        let again = try await provider.reply(to: Self.request(UInt64(seed)))
        #expect(again.choices == reply.choices && again.metadata == reply.metadata)
        // Nobody else is told of one.
        #expect(try await provider.reply(to: Self.request { $0.isReproducible = false }).metadata.isEmpty)
        await provider.shutDown()
    }

    @Test func theContextShifts() async throws {
        let provider = try await Self.load { $0.contextLength = 64 }
        let request = Self.request { ($0.maxTokens, $0.shiftsContext) = (150, true) }
        let first = try await provider.reply(to: request)
        #expect(first.usage?.completionTokens == 150)
        #expect(try await provider.reply(to: request).choices == first.choices)
        await provider.shutDown()
    }

    @Test func theLineIsBoundedAndItsEndIsTold() async throws {
        let provider = try await Self.load { ($0.queueCapacity, $0.streamCapacity) = (1, 1) }
        var endless = Self.request { $0.maxTokens = nil }
        endless.shiftsContext = true
        let running = try await provider.stream(endless)
        let chunks = running.makeAsyncIterator()
        _ = try await chunks.next()
        let waiting = try await provider.stream(endless)
        let refusal = await #expect(throws: GenerationError.self) { _ = try await provider.stream(endless) }
        #expect(refusal?.code == .overloaded)
        // The other engine is not full.
        var plain = endless
        (plain.isReproducible, plain.maxTokens) = (false, 3)
        _ = try await provider.reply(to: plain)
        var late = endless
        late.deadline = .milliseconds(1)
        waiting.cancel()
        let tooLate = await #expect(throws: GenerationError.self) { _ = try await provider.reply(to: late) }
        #expect(tooLate?.code == .deadlineExceeded)
        await provider.shutDown()
        let end = await #expect(throws: GenerationError.self) { while try await chunks.next() != nil {} }
        #expect(end?.code == .shuttingDown)
        let after = await #expect(throws: GenerationError.self) { _ = try await provider.stream(endless) }
        #expect(after?.code == .shuttingDown)
    }
}

extension Chunk {
    /// Whether a batch of the model was computed for it.
    fileprivate var isComputed: Bool {
        switch content {
        case .text: true
        case .progress(let progress): progress.processed > 0
        default: false
        }
    }
}

/// Counts the chunks that neighbours were given.
private final class ChunkCount: @unchecked Sendable {
    // Sendable: the number is read and written under `monitor` only.
    private let monitor = Monitor()
    private var count = 0

    var value: Int { monitor.withLock { count } }

    func add() { monitor.withLock { count += 1 } }
}
