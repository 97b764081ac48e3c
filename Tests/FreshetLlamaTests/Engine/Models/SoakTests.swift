import CAllocations
import Foundation
import Freshet
import FreshetTestSupport
import Synchronization
import Testing

@testable import FreshetLlama

struct SoakTests {
    /// In a process of its own, so that its memory is what the streams take.
    @Test func aThousandStreamsLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            // What is thrown would end the process without a word; what is recorded arrives.
            do { try await Soak().run() } catch { Issue.record(error) }
        }
    }
}

/// A thousand short streams on the embedded model, with readers that stay, leave, dawdle, or have too little time.
private final class Soak: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private static let clients = 12
    private let heldSlots = Atomic(0)
    private let turns = Atomic(0)
    private let brokenTurns = Atomic(0)
    private let whole = Atomic(0)
    private let broken = Atomic(0)

    func run() async throws {
        let model = try await ModelKind.embedded.load()
        var options = LlamaOptions(modelPath: model.path)
        (options.contextLength, options.threads, options.batchSize) = (256, 1, 128)
        var configuration = InferenceEngine.Configuration(model: "soak")
        (configuration.slotCount, configuration.streamCapacity) = (6, 8)
        configuration.onTurn = { [self] in look(into: $0) }
        let engine = try await InferenceEngine.start(configuration) { [options] () throws(GenerationError) in
            try LlamaContext(model: model, options: options, slots: 6)
        }
        var residents: [Int] = []
        for half in 0..<2 as Range<UInt64> {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<UInt64(Self.clients) {
                    group.addTask { [self] in
                        var generator = SeededGenerator(seed: half * 100 + client)
                        for _ in 0..<42 { try await stream(on: engine, using: &generator) }
                    }
                }
                try await group.waitForAll()
            }
            // Whoever left did so a moment ago.
            for _ in 0..<300_000 where heldSlots.load(ordering: .relaxed) > 0 {
                try await Task.sleep(for: .milliseconds(1))
            }
            try require(heldSlots.load(ordering: .relaxed) == 0, "slots are held by nobody")
            residents.append(try residentBytes())
        }
        await engine.shutDown()
        try require(brokenTurns.load(ordering: .relaxed) == 0, "the prefix cache is broken")
        let (whole, broken) = (whole.load(ordering: .relaxed), broken.load(ordering: .relaxed))
        try require(whole > 400 && broken > 200, "\(whole) streams were whole and \(broken) were not")
        // A sanitizer keeps what is freed.
        guard allocations_are_counted() else { return }
        try require(residents[1] - residents[0] < 4 << 20, "memory grew: \(residents) bytes")
    }

    private func look(into loop: EngineLoop) {
        heldSlots.store(loop.heldSlotCount, ordering: .relaxed)
        guard loop.heldSlotCount == 0 || turns.add(1, ordering: .relaxed).newValue % 32 == 0 else { return }
        if loop.brokenInvariant != nil { brokenTurns.add(1, ordering: .relaxed) }
    }

    private func stream(on engine: InferenceEngine, using generator: inout SeededGenerator) async throws {
        let beginning = Token.random(in: 0..<8, using: &generator)
        let tokens =
            (0..<Int.random(in: 0...60, using: &generator)).map { 300 + beginning * 60 + Token($0) }
            + (0..<Int.random(in: 1...20, using: &generator)).map { _ in Token.random(in: 300..<2000, using: &generator)
            }
        var request = GenerationRequest(prompt: .tokens(tokens), maxTokens: Int.random(in: 0...10, using: &generator))
        request.choiceCount = generator.chance(0.2) ? 3 : 1
        request.reportsProgress = generator.chance(0.3)
        request.client = "\(beginning % 3)"
        request.reusesPrefix = !generator.chance(0.1)
        request.speculates = generator.chance(0.3)
        let isHurried = generator.chance(0.15)
        if isHurried { request.deadline = .milliseconds(Int.random(in: 1...30, using: &generator)) }
        let leavesAfter = generator.chance(0.35) ? Int.random(in: 0...8, using: &generator) : .max
        let dawdles = generator.chance(0.1)

        let stream = try engine.submit(request, tokens: tokens)
        if leavesAfter == 0 { stream.cancel() }
        let iterator = stream.makeAsyncIterator()
        var (grammar, count) = (ChunkGrammar(), 0)
        do {
            while count < leavesAfter, let chunk = try await iterator.next() {
                try grammar.accept(chunk)
                count += 1
                if dawdles { try await Task.sleep(for: .milliseconds(1)) }
            }
        } catch let error as GenerationError {
            broken.add(1, ordering: .relaxed)
            return try require(
                isHurried && error.code == .deadlineExceeded || leavesAfter == 0 && error.code == .cancelled, "\(error)"
            )
        }
        guard count < leavesAfter else { return _ = broken.add(1, ordering: .relaxed) }
        try grammar.acceptEnd()
        let choices = iterator.reply.choices
        try require(
            choices.count == request.choiceCount && choices.allSatisfy { $0.finish != nil }, "\(iterator.reply)")
        whole.add(1, ordering: .relaxed)
    }

    private func residentBytes() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(pages[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }

    private func require(_ condition: Bool, _ failure: @autoclosure () -> String) throws {
        if !condition { throw Failure(description: failure()) }
    }
}
