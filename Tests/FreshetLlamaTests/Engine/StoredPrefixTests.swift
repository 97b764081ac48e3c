import Foundation
import Freshet
import FreshetTestSupport
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
}
