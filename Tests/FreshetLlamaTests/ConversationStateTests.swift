import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// States of conversations in files, from one engine to another.
@Suite(.timeLimit(.minutes(5))) struct ConversationStateTests {
    private static let question = Message(role: .user, content: "My name is Tobin. Tell me a story about a dragon.")
    private static let next = Message(role: .user, content: "What is my name?")

    private final class Place {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)").path
        deinit { unlink(path) }
        var bytes: [UInt8] { (try? Data(contentsOf: URL(fileURLWithPath: path))).map { Array($0) } ?? [] }
        func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
    }

    private static func provider(_ change: (inout LlamaOptions) -> Void = { _ in }) async throws -> LlamaProvider {
        var options = LlamaOptions.embedded
        (options.contextLength, options.slotCount) = (512, 2)
        change(&options)
        return try await LlamaProvider.load(options)
    }

    private static func request(_ messages: [Message]) -> GenerationRequest {
        GenerationRequest(prompt: .messages(messages), sampling: .greedy, maxTokens: 40)
    }

    /// Answers the question and saves what was computed.
    private static func save(to place: Place) async throws -> (history: [Message], count: Int) {
        let provider = try await provider()
        let answer = try await provider.reply(to: request([question])).text
        let history = [question, Message(role: .assistant, content: answer)]
        let count = try await provider.saveState(of: request(history), to: place.path)
        // What is in memory is still there.
        let again = try await provider.reply(to: request(history + [next]))
        #expect((again.usage?.cachedTokens ?? 0) >= count)
        await provider.shutDown()
        return (history, count)
    }

    /// What a process left that was killed while it saved goes with the next one's saving; what is another's stays.
    @Test func leftoversOfTheDeadGo() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["freshet-1ab.part", "freshet-xyz.part", "note.part"] {
            try Data([1, 2]).write(to: folder.appendingPathComponent(name))
        }
        let living = try PrefixPart(in: OpenFolder(path: folder.path))
        let block = PrefixBlock(tokens: [5, 6], range: 0..<2, payload: [1, 2, 3])
        let path = folder.appendingPathComponent("chat.state").path
        try SavedState.write(block, modelKey: [9], to: path)
        #expect(try SavedState.read(path, modelKey: [9]).payload == block.payload)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(
            names.count == 4 && Set(names).isSuperset(of: ["chat.state", "freshet-xyz.part", "note.part"]), "\(names)")
        withExtendedLifetime(living) {}
    }

    @Test func theNextTurnFindsTheWholeHistory() async throws {
        let place = Place()
        let (history, count) = try await Self.save(to: place)
        let provider = try await Self.provider()
        let whole = try provider.tokens(of: .messages(history)).count
        // The mark that lets the assistant go on is not in memory behind its own answer.
        #expect(count > 40 && count >= whole - 8, "\(count) of \(whole)")
        #expect(try await provider.restoreState(from: place.path) == count)
        let reply = try await provider.reply(to: Self.request(history + [Self.next]))
        #expect(reply.usage?.cachedTokens == count)
        // Restored twice, it is there once.
        #expect(try await provider.restoreState(from: place.path) == count)
        await provider.shutDown()
        // Of what was never computed there is nothing to save.
        let other = try await Self.provider()
        #expect(
            try await other.saveState(of: GenerationRequest(prompt: .text("of something else")), to: place.path) == 0)
        await other.shutDown()
    }

    @Test func anotherModelOrMemoryIsRefused() async throws {
        let place = Place()
        _ = try await Self.save(to: place)
        let adapted = try await SyntheticModelFile.make("tiny-llama")
        for (words, change) in [
            ("was not made by", { $0.keyType = .q8_0 }), ("was not made by", { $0.modelPath = adapted.path }),
            ("but the context holds 32", { $0.contextLength = 32 }),
        ] as [(String, (inout LlamaOptions) -> Void)] {
            let provider = try await Self.provider(change)
            let error = await #expect(throws: GenerationError.self) {
                try await provider.restoreState(from: place.path)
            }
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
            await provider.shutDown()
        }
        let recurrent = try await SyntheticModelFile.make("tiny-mamba")
        let provider = try await Self.provider { $0.modelPath = recurrent.path }
        let error = await #expect(throws: GenerationError.self) {
            try await provider.saveState(of: Self.request([Self.next]), to: place.path)
        }
        #expect(error?.message.contains("recurrent") == true)
        await provider.shutDown()
    }

    @Test func aDamagedFileIsASentenceAndChangesNothing() async throws {
        let place = Place()
        let (history, count) = try await Self.save(to: place)
        let good = place.bytes
        let provider = try await Self.provider()
        var generator = SeededGenerator(seed: 1)
        let places = Array(0..<56) + (0..<60).map { _ in Int.random(in: 56..<good.count, using: &generator) }
        for number in places {
            var bytes = good
            bytes[number] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            try place.write(bytes)
            let error = await #expect(throws: GenerationError.self, "byte \(number)") {
                try await provider.restoreState(from: place.path)
            }
            #expect(error?.message.contains(place.path) == true)
        }
        for length in [0, 1, 55, 56, 57, good.count / 2, good.count - 1] {
            try place.write(Array(good.prefix(length)))
            let error = await #expect(throws: GenerationError.self) {
                try await provider.restoreState(from: place.path)
            }
            #expect(error?.message.contains("is damaged") == true, "\(length): \(error?.message ?? "")")
        }
        for path in ["/nowhere/at/all", "/", "/dev/null"] {
            await #expect(throws: GenerationError.self) { try await provider.restoreState(from: path) }
            await #expect(throws: GenerationError.self) {
                _ = try await provider.reply(to: Self.request([Self.question]))
                if try await provider.saveState(of: Self.request([Self.question]), to: path) == 0 {
                    throw GenerationError(.invalidRequest, "nothing to save")
                }
            }
        }
        try place.write(good)
        #expect(try await provider.restoreState(from: place.path) == count)
        #expect(try await provider.reply(to: Self.request(history + [Self.next])).usage?.cachedTokens == count)
        await provider.shutDown()
    }

    /// A person who stops it gets what lay there before, and nothing half-written.
    @Test func aCancelledTaskSavesAndRestoresNothing() async throws {
        let place = Place()
        let provider = try await Self.provider()
        let request = Self.request([Self.question])
        _ = try await provider.reply(to: request)
        try place.write([1, 2, 3])
        let work: [@Sendable () async throws -> Int] = [
            { [path = place.path] in try await provider.saveState(of: request, to: path) },
            { [path = place.path] in try await provider.restoreState(from: path) },
        ]
        for (number, work) in work.enumerated() {
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await work()
            }
            let error = await #expect(throws: GenerationError.self) { try await task.value }
            #expect(error?.code == .cancelled, "\(number): \(error?.message ?? "")")
            if number == 0 {
                #expect(place.bytes == [1, 2, 3])
                _ = try await provider.saveState(of: request, to: place.path)
            }
        }
        // A write that has begun stops between two pieces, and leaves nothing behind.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let cancellation = Cancellation()
        cancellation.request()
        let error = #expect(throws: GenerationError.self) {
            try SavedState.write(
                PrefixBlock(tokens: [5], range: 0..<1, payload: [1]), modelKey: [9],
                to: folder.appendingPathComponent("chat.state").path, cancellation)
        }
        #expect(error?.code == .cancelled)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        await provider.shutDown()
    }

    /// A state whose checksum is right and whose numbers are not, all the way into llama.cpp: an abort ends the tests.
    @Test func aForgedStateIsRefusedOrTaken() async throws {
        let place = Place()
        let (history, _) = try await Self.save(to: place)
        let provider = try await Self.provider()
        let block = try SavedState.read(place.path, modelKey: provider.stateKey)
        var generator = SeededGenerator(seed: 2)
        for round in 0..<200 {
            var forged = block
            // Its front tells of layers, cells and types; most of the rest are numbers, of which any will do.
            let bound = round < 150 ? 200 : forged.payload.count
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                forged.payload[Int.random(in: 0..<bound, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            if generator.chance(0.2) { forged.payload.removeLast(Int.random(in: 1..<100, using: &generator)) }
            if generator.chance(0.1) { forged.payload += [0, 1, 2, 3] }
            try SavedState.write(forged, modelKey: provider.stateKey, to: place.path)
            _ = try? await provider.restoreState(from: place.path)
            if round.isMultiple(of: 50) { _ = try await provider.reply(to: Self.request(history + [Self.next])) }
        }
        await provider.shutDown()
    }
}
