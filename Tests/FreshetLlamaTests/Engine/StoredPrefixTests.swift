import Foundation
import Freshet
import FreshetTestSupport
import Synchronization
import Testing

@testable import FreshetLlama

/// The engine over a folder of prefixes.
struct StoredPrefixTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-\(UUID().uuidString)").path

    /// One whole block and a half.
    private let prompt = String(repeating: "ABCDEFGHIJ", count: 10)

    private func engine(_ script: ToyBackend.Script) async throws -> InferenceEngine {
        let store = try PrefixStore(directory: folder, limit: 1 << 20, modelKey: "toy")
        return try await InferenceEngine.toy(script) { ($0.prefixStore, $0.slotCount) = (store, 2) }
    }

    /// Has an engine compute the prompt, and end.
    private func keepPrompt(_ script: ToyBackend.Script) async throws {
        let engine = try await engine(script)
        _ = try await engine.ask(prompt).collect()
        await engine.shutDown()
    }

    @Test func aPrefixOutlivesTheEngine() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let script = ToyBackend.Script()
        for (rest, cached) in [("X", 0), ("Y", 64), ("Z", 64)] {
            let engine = try await engine(script)
            let reply = try await engine.ask(prompt + rest).collect()
            #expect(reply.text == script.answer(to: prompt + rest))
            #expect(reply.usage?.cachedTokens == cached)
            await engine.shutDown()
        }
    }

    @Test func memoryThatHoldsMoreThanTheFolderIsTaken() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let script = ToyBackend.Script()
        let engine = try await engine(script)
        _ = try await engine.ask(prompt).collect()
        #expect(try await engine.ask(prompt + "X").collect().usage?.cachedTokens == 100)
        await engine.shutDown()
    }

    /// Memory answers, and the folder learns that what it has of the prompt is not the oldest.
    @Test func whatMemoryAnswersCountsAsUsed() async throws {
        let fixture = PrefixFixture()
        let store = try fixture.open()
        let engine = try await InferenceEngine.toy(ToyBackend.Script()) { $0.prefixStore = store }
        _ = try await engine.ask(prompt, maxTokens: 1).collect()
        try await fixture.until { fixture.entries.count == 1 }
        let time = fixture.clock.add(61_000_000_000, ordering: .relaxed).newValue
        _ = try await engine.ask(prompt + "X", maxTokens: 1).collect()
        await engine.shutDown()
        #expect(fixture.entries.values.map(\.lastUse) == [time])
    }

    @Test func aBlockTooLongForTheFolderIsTakenOutOfMemoryOnce() async throws {
        let fixture = PrefixFixture()
        let script = ToyBackend.Script()
        let store = try fixture.open(limit: 500)
        let engine = try await InferenceEngine.toy(script) { $0.prefixStore = store }
        for letter in "ABC" { _ = try await engine.ask(String(repeating: letter, count: 100)).collect() }
        await engine.shutDown()
        #expect(script.saved.load(ordering: .relaxed) == 1 && fixture.files.isEmpty && fixture.failures.all == [])
    }

    /// A state that the backend cannot read costs time and nothing else.
    @Test func aStateOfAnotherKindIsComputedAgain() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let script = ToyBackend.Script()
        let tokens = prompt.utf8.map { Token($0) }
        let store = try PrefixStore(directory: folder, limit: 1 << 20, modelKey: "toy")
        #expect(store.save(PrefixBlock(tokens: tokens[..<64], range: 0..<64, payload: [1, 2, 3])))
        await store.close()
        let engine = try await engine(script)
        let reply = try await engine.ask(prompt).collect()
        #expect(reply.text == script.answer(to: prompt) && reply.usage?.cachedTokens == 0)
        await engine.shutDown()
    }

    @Test func readersThatLeaveWhileTheFolderIsReadAreNoTrouble() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let script = ToyBackend.Script()
        try await keepPrompt(script)
        let second = try await engine(script)
        for _ in 0..<50 { try second.ask(prompt).cancel() }
        #expect(try await second.ask(prompt).collect().text == script.answer(to: prompt))
        await second.shutDown()
    }

    @Test func aFolderThatHangsIsNotWaitedForLong() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let script = ToyBackend.Script()
        try await keepPrompt(script)
        let gate = Gate()
        let store = try PrefixStore(
            directory: folder, limit: 1 << 20, modelKey: "toy",
            now: {
                gate.pass()
                return PrefixStore.systemTime()
            })
        let second = try await InferenceEngine.toy(script) { $0.prefixStore = store }
        gate.arm()
        let reply = try await second.ask(prompt).collect()
        gate.open()
        #expect(reply.text == script.answer(to: prompt) && reply.usage?.cachedTokens == 0)
        await second.shutDown()
    }

    /// Ten blocks come from the folder while another stream runs: it has a token after at most two of them, which take
    /// 40 milliseconds each.
    ///
    /// - Parameter loadLimit: all at once, or in pieces of some blocks, which are files of up to 3 KB.
    @Test(.timeLimit(.minutes(10)), arguments: [32 << 20, 8_000])
    func aLongPrefixDoesNotMakeStreamsWait(loadLimit: Int) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let long = String(repeating: "ABCDEFGHIJ", count: 65)
        let clock = ManualClock()
        let loads = Mutex((inARow: 0, longest: 0, all: 0))
        let script = ToyBackend.Script(contextLength: 1_024, answerLength: .max, slotCount: 2) { token in
            clock.advance(by: .milliseconds(1))
            if token >= 97 { loads.withLock { $0.inARow = 0 } }
        } onLoad: {
            clock.advance(by: .milliseconds(40))
            loads.withLock { $0 = ($0.inARow + 1, max($0.longest, $0.inARow + 1), $0.all + 1) }
        }
        let first = try await engine(script)
        _ = try await first.ask(long, maxTokens: 1).collect()
        await first.shutDown()
        let store = try PrefixStore(directory: folder, limit: 1 << 20, modelKey: "toy", loadLimit: loadLimit)
        let second = try await InferenceEngine.toy(script) {
            ($0.prefixStore, $0.slotCount, $0.now) = (store, 2, { clock.now })
            // A stream whose reader is behind is not waited for, and then everything may be loaded at once.
            $0.streamCapacity = 1 << 20
        }
        let running = try second.ask("RUNNING") { $0.shiftsContext = true }
        let reading = Task { try? await running.collect() }
        while script.computed.load(ordering: .relaxed) < 700 { await Task.yield() }
        let reply = try await second.ask(long, maxTokens: 1).collect()
        running.cancel()
        _ = await reading.value
        #expect(reply.text == script.answer(to: long, maxTokens: 1) && reply.usage?.cachedTokens == 640)
        #expect(loads.withLock { $0.all } == 10 && loads.withLock { $0.longest } <= 2)
        await second.shutDown()
    }
}
