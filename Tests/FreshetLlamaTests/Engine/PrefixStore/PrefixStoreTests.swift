import Foundation
import Freshet
import FreshetTestSupport
import PrefixStoreProcess
import Synchronization
import Testing

@testable import FreshetLlama

@Suite struct PrefixStoreTests {
    private let fixture = PrefixFixture()
    private let length = PrefixStore.blockLength

    @Test func promptsShareTheirBeginningAndSurviveARestart() async throws {
        var store = try fixture.open()
        try await fixture.save([0, 1, 0], to: store)
        try await fixture.save([0, 1, 1, 1], to: store)
        #expect(fixture.files.count == 5)
        await store.close()
        store = try fixture.open()
        let prompt = PrefixWorkload.prompt([0, 1, 1, 0])
        #expect(store.storedLength(of: prompt[...]) == 3 * length && store.firstMissingBlock(of: prompt[...]) == 3)
        #expect(store.storedLength(of: prompt[..<(3 * length - 1)]) == 2 * length)
        #expect(store.storedLength(of: prompt[..<(length - 1)]) == 0)
        #expect(await fixture.load([0, 1, 1, 0], in: store) == 3)
        #expect(await fixture.load([0, 1, 1, 1], from: 2, in: store) == 2)
        let other = try fixture.open(modelKey: "another model")
        #expect(other.storedLength(of: prompt[...]) == 0)
        #expect(await fixture.load([0], in: other) == 0)
        await other.close()
        await store.close()
        #expect(fixture.files.count == 5 && fixture.failures.all == [])
    }

    @Test func promptsAreForTheUserOnly() async throws {
        let store = try fixture.open()
        try await fixture.save([0], to: store)
        await store.close()
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try mode(fixture.path) == 0o700)
        #expect(try mode(fixture.file([0])) == 0o600 && mode(fixture.path + "/freshet.lock") == 0o600)
    }

    /// What can lie under a block's name.
    enum Impostor: CaseIterable {
        case nothing, empty, folder, pipe, link, loop, huge, otherBlock, unreadable

        func put(at path: String, _ other: String) throws {
            unlink(path)
            switch self {
            case .nothing: break
            case .empty: try Data().write(to: URL(fileURLWithPath: path))
            case .folder: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            case .pipe: #expect(mkfifo(path, 0o600) == 0)
            case .link: #expect(symlink(other, path) == 0)
            case .loop: #expect(symlink(path, path) == 0)
            case .huge:
                try Data(contentsOf: URL(fileURLWithPath: other)).write(to: URL(fileURLWithPath: path))
                #expect(truncate(path, 1 << 42) == 0)
            case .otherBlock: try Data(contentsOf: URL(fileURLWithPath: other)).write(to: URL(fileURLWithPath: path))
            case .unreadable:
                try Data("unreadable".utf8).write(to: URL(fileURLWithPath: path))
                #expect(chmod(path, 0) == 0)
            }
        }
    }

    @Test(arguments: Impostor.allCases, [false, true])
    func whatOnlyLooksLikeABlockIsRemovedAndTheOthersStay(_ impostor: Impostor, _ whileOpen: Bool) async throws {
        var store = try fixture.open()
        try await fixture.save([0, 1, 1], to: store)
        if !whileOpen { await store.close() }
        try impostor.put(at: fixture.file([0, 1]), fixture.file([0]))
        if !whileOpen { store = try fixture.open() }
        #expect(await fixture.load([0, 1, 1], in: store) == 1)
        #expect(store.storedLength(of: PrefixWorkload.prompt([0, 1, 1])[...]) == length)
        #expect(try fixture.files == Set([[0], [0, 1, 1]].map { try PrefixFixture.name($0).fileName }))
        // It is written anew, and what comes after it is of use again.
        try await fixture.save([0, 1, 1], to: store)
        #expect(await fixture.load([0, 1, 1], in: store) == 3)
        await store.close()
        #expect(fixture.failures.all == [])
    }

    /// Every state that a kill can leave: parts of any length without a writer.
    @Test func leftoversOfTheDeadGoAndOtherFilesStay() async throws {
        var store = try fixture.open()
        try await fixture.save([0, 1], to: store)
        await store.close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.file([0, 1])))
        for length in [0, 1, 40, bytes.count / 2, bytes.count - 1, bytes.count] {
            try bytes[..<length].write(to: URL(fileURLWithPath: fixture.path + "/freshet-\(length + 1)ab.part"))
        }
        let others: Set = ["freshet-xyz.part", "freshet-1.part.txt", "freshet-01.prefix", "notes.txt", ".hidden"]
        for name in others { try Data("mine".utf8).write(to: URL(fileURLWithPath: fixture.path + "/" + name)) }
        // This one's writer lives.
        let folder = try OpenFolder(path: fixture.path)
        let part = try PrefixPart(in: folder)
        try part.append(Array(bytes), shouldStop: { false })
        store = try fixture.open(limit: 1)
        try await fixture.until { fixture.entries.isEmpty }
        await store.close()
        #expect(fixture.files.count == others.count + 1 && fixture.files.isSuperset(of: others))
        try part.becomeBlock(named: PrefixFixture.name([0]), lastUse: 5_000_000_000)
        #expect(
            try fixture.entries == [
                PrefixFixture.name([0]): PrefixIndex.Entry(byteCount: bytes.count, lastUse: 5_000_000_000)
            ])
    }

    @Test func aPromptLongerThanTheFolderKeepsItsBeginning() async throws {
        let store = try fixture.open(limit: 9_000)
        let other = [1]
        try await fixture.save(other, to: store)
        try await fixture.save([0, 0, 0, 0, 0, 0], to: store)
        let stored = store.storedLength(of: PrefixWorkload.prompt([0, 0, 0, 0, 0, 0])[...])
        #expect(stored > 0 && stored < 6 * length)
        // The n-th block's file is 61 + 256 · n bytes and its state's.
        let state = (9_000 - 3 * 61 - 256 * (1 + 2 + 3)) / 3
        #expect(store.hasRoom(for: 3 * length + 1, payloadLength: state))
        #expect(!store.hasRoom(for: 3 * length, payloadLength: state + 1))
        #expect(!store.hasRoom(for: 4 * length, payloadLength: state))
        var block = PrefixFixture.block([1, 1])
        block.payload = [UInt8](repeating: 0, count: 9_001)
        #expect(!store.save(block))
        await store.close()
        try await fixture.checkFolder(limit: 9_000)
    }

    @Test func aBlockWithoutItsPredecessorIsNotWritten() async throws {
        let store = try fixture.open()
        #expect(store.save(PrefixFixture.block([0, 1])))
        try await fixture.save([1], to: store)
        await store.close()
        #expect(try fixture.files == [PrefixFixture.name([1]).fileName])
    }

    @Test func aFolderThatIsRemovedIsMadeAnew() async throws {
        let store = try fixture.open()
        try await fixture.save([0, 1], to: store)
        try FileManager.default.removeItem(atPath: fixture.path)
        #expect(await fixture.load([0, 1], in: store) == 0)
        try await fixture.save([0, 0], to: store)
        #expect(await fixture.load([0, 0], in: store) == 2)
        // Gone again, and another store has made it anew before this one sees it.
        try FileManager.default.removeItem(atPath: fixture.path)
        let other = try fixture.open()
        try await fixture.save([1], to: other)
        try await fixture.save([1, 1], to: store)
        try await fixture.save([1, 1], to: store)
        #expect(store.storedLength(of: PrefixWorkload.prompt([1, 1])[...]) == 2 * length)
        await store.close()
        await other.close()
        #expect(fixture.failures.all == [])
        try await fixture.checkFolder(limit: 1 << 20)
    }

    @Test func aFailureIsToldOnceAndTheStoreGoesOn() async throws {
        let store = try fixture.open()
        try await fixture.save([0], to: store)
        // No folder can be made where a file is.
        try FileManager.default.removeItem(atPath: fixture.path)
        try Data().write(to: URL(fileURLWithPath: fixture.path))
        for blocks in [[0], [1], [0, 1], [1, 1], [1]] { try await fixture.save(blocks, to: store) }
        #expect(await fixture.load([0], in: store) == 0)
        try await fixture.save([0], to: store)
        #expect(
            fixture.failures.all
                == ["The folder \(fixture.path) cannot keep prefixes: it cannot be opened: Not a directory."])
        unlink(fixture.path)
        try await fixture.save([0, 1], to: store)
        #expect(await fixture.load([0, 1], in: store) == 2)
        await store.close()
        #expect(fixture.failures.all.count == 1)
    }

    @Test func aFolderThatCannotServeIsAnErrorWithASentence() throws {
        try Data().write(to: URL(fileURLWithPath: fixture.path))
        var paths = [
            "": "its path is not a path", "a\u{0}b": "its path is not a path",
            fixture.path: "it cannot be opened: Not a directory",
            fixture.path + "/below": "it cannot be made: Not a directory",
            "/proc/self/fdinfo": "its freshet.lock cannot be written: ",
        ]
        if geteuid() != 0 { paths["/usr/freshet"] = "it cannot be made: Permission denied" }
        for (path, complaint) in paths {
            let error = #expect(throws: GenerationError.self) {
                try PrefixStore(directory: path, limit: 1, modelKey: "")
            }
            #expect(error?.message.hasPrefix("The folder \(path) cannot keep prefixes: \(complaint)") == true)
            #expect(error?.message.hasSuffix(".") == true && error?.parameter == "cache_dir")
        }
    }

    /// Orders of every kind while the store is being closed: each that was taken is answered once.
    @Test(arguments: 1...20) func everyOrderIsAnsweredOnceAlsoWhenClosing(_ seed: UInt64) async throws {
        let store = try fixture.open()
        try await fixture.save([0, 1, 0, 1], to: store)
        let tokens = PrefixWorkload.prompt([0, 1, 0, 1])
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 as Range<UInt64> {
                group.addTask {
                    var generator = SeededGenerator(seed: seed * 4 + task)
                    for _ in 0..<40 {
                        let isTaken = store.load(tokens, range: 0..<4 * length) { [fixture] blocks in
                            #expect(blocks.count <= 4)
                            fixture.answered.add(1, ordering: .relaxed)
                        }
                        if isTaken { fixture.taken.add(1, ordering: .relaxed) }
                        _ = store.save(PrefixFixture.block(PrefixWorkload.blocks(using: &generator)))
                        store.use(tokens)
                        if generator.chance(0.02) { await store.close() }
                    }
                }
            }
        }
        await store.close()
        #expect(fixture.taken.load(ordering: .relaxed) == fixture.answered.load(ordering: .relaxed))
        #expect(!store.load(tokens, range: 0..<length) { _ in Issue.record("closed") })
        #expect(!store.save(PrefixFixture.block([1, 1, 1])))
        try await fixture.checkFolder(limit: 1 << 20)
    }

    /// The store's thread stands still, so whatever is ordered waits.
    @Test func whatWaitsIsBoundedAndWrittenAtTheEnd() async throws {
        let store = try fixture.open(saveLimit: 20_000)
        try await fixture.save([0], to: store)
        // Of orders with more than a million tokens fewer than sixteen may wait, the first of them perhaps among these.
        let tokens = PrefixWorkload.prompt([0]) + [Token](repeating: 0, count: 1 << 20)
        let gate = DispatchSemaphore(value: 0)
        #expect(store.load(tokens, range: 0..<length) { _ in gate.wait() })
        var loads = 0
        while store.load(
            tokens, range: 0..<length, completion: { [fixture] _ in fixture.answered.add(1, ordering: .relaxed) })
        {
            loads += 1
            if loads > 1000 { break }
        }
        #expect((14...15).contains(loads))
        let waiting = Array(PrefixWorkload.all.filter { $0.first == 1 }.prefix { store.save(PrefixFixture.block($0)) })
        let byteCount = waiting.reduce(0) { $0 + PrefixWorkload.payload($1).count + 4 * length * $1.count }
        #expect(waiting.count > 3 && byteCount <= 20_000 && waiting.count < PrefixWorkload.all.count / 2)
        // Taken already.
        #expect(store.save(PrefixFixture.block(waiting[0])) && store.save(PrefixFixture.block([0])))
        #expect(store.storedLength(of: PrefixWorkload.prompt(waiting[0])[...]) == 0)
        #expect(store.firstMissingBlock(of: PrefixWorkload.prompt(waiting[0])[...]) == 1)
        gate.signal()
        await store.close()
        #expect(fixture.files.count == waiting.count + 1 && fixture.answered.load(ordering: .relaxed) == loads)
    }

    /// What another store has used is not the oldest, though only its file's time says so.
    @Test func whatAnotherStoreUsesStays() async throws {
        let prompts = [[0, 0], [0, 1], [1]]
        let limit = ([[0]] + prompts).reduce(-1) { $0 + PrefixFixture.length($1) }
        let other = try fixture.open(limit: limit)
        let store = try fixture.open(limit: limit)
        for prompt in prompts.dropLast() {
            fixture.clock.add(61_000_000_000, ordering: .relaxed)
            try await fixture.save(prompt, to: other)
        }
        // Now this store knows them, at the times of then.
        #expect(await fixture.load([0, 0], in: store) == 0)
        try await fixture.save([0, 0], to: store)
        #expect(await fixture.load([0], in: store) == 1)
        fixture.clock.add(61_000_000_000, ordering: .relaxed)
        #expect(await fixture.load([0, 0], in: other) == 2)
        try await fixture.save([1], to: store)
        #expect(try fixture.files == Set([[0], [0, 0], [1]].map { try PrefixFixture.name($0).fileName }))
        await store.close()
        await other.close()
    }

    @Test func noTimeIsLeftWhenClosedLongAgo() {
        let queue = PrefixStoreQueue(saveLimit: 1, grace: .zero)
        let block = PrefixFixture.block([0])
        #expect(queue.add(PrefixStoreQueue.Save(block: block, names: [PrefixBlockName(hash: 1, index: 0)])))
        #expect(!queue.add(PrefixStoreQueue.Save(block: block, names: [PrefixBlockName(hash: 2, index: 0)])))
        #expect(queue.add(PrefixStoreQueue.Load(tokens: [], range: 0..<0) { _ in }))
        queue.close()
        #expect(queue.isOver)
        guard case .load? = queue.next() else {
            Issue.record("nobody answers the order to read")
            return
        }
        #expect(queue.next() == nil)
    }

    /// Without anybody who calls `close`.
    @Test func aDroppedStoreWritesWhatItTook() async throws {
        var store: PrefixStore? = try fixture.open()
        #expect(store?.save(PrefixFixture.block([0])) == true)
        store = nil
        try await fixture.until { try fixture.entries[PrefixFixture.name([0])] != nil }
    }
}
