import Foundation
import Freshet
import FreshetTestSupport
import PrefixStoreProcess
import Synchronization
import Testing

@testable import FreshetLlama

/// A folder for a store, which goes when the test does, and a look at what is in it.
final class PrefixFixture: Sendable {
    let path = NSTemporaryDirectory() + "freshet-" + UUID().uuidString
    /// The store's clock, in nanoseconds.
    let clock = Atomic(1_700_000_000_000_000_000)
    /// What the store told of its failures.
    let failures = FailureLog()

    /// Orders that a test had taken, and those that were answered.
    let taken = Atomic(0)
    let answered = Atomic(0)

    deinit { try? FileManager.default.removeItem(atPath: path) }

    final class FailureLog: @unchecked Sendable {
        // Sendable: the lines are read and written under `monitor` only.
        private let monitor = Monitor()
        private var lines: [String] = []
        var all: [String] { monitor.withLock { lines } }
        func add(_ line: String) { monitor.withLock { lines.append(line) } }
    }

    func open(limit: Int = 1 << 20, modelKey: String = "model", saveLimit: Int = 1 << 20) throws -> PrefixStore {
        try PrefixStore(
            directory: path, limit: limit, modelKey: modelKey, saveLimit: saveLimit,
            now: { [self] in clock.load(ordering: .relaxed) }, onFailure: { [failures] in failures.add($0) })
    }

    /// The block that a prompt ends with.
    static func block(_ blocks: some Collection<Int>) -> PrefixBlock {
        let tokens = PrefixWorkload.prompt(blocks)
        return PrefixBlock(
            tokens: tokens[...], range: tokens.count - PrefixStore.blockLength..<tokens.count,
            payload: PrefixWorkload.payload(blocks))
    }

    /// The name of the block that a prompt ends with.
    static func name(_ blocks: [Int], modelKey: String = "model") throws -> PrefixBlockName {
        let tokens = PrefixWorkload.prompt(blocks)
        return try #require(
            Array(PrefixBlockNames.names(of: tokens[...], modelKey: Array(modelKey.utf8))).last)
    }

    /// The length of the file of the block that a prompt ends with: a header, "model", the tokens, the payload.
    static func length(_ blocks: [Int]) -> Int {
        56 + 5 + 4 * PrefixStore.blockLength * blocks.count + PrefixWorkload.payload(blocks).count
    }

    /// The file of the block that a prompt ends with.
    func file(_ blocks: [Int]) throws -> String { path + "/" + (try Self.name(blocks).fileName) }

    /// All names in the folder but the lock's.
    var files: Set<String> {
        Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).subtracting(["freshet.lock"])
    }

    /// The blocks in the folder, with their length and time.
    var entries: [PrefixBlockName: PrefixIndex.Entry] {
        var entries: [PrefixBlockName: PrefixIndex.Entry] = [:]
        for file in files {
            var status = stat()
            guard let name = PrefixBlockName(fileName: file), lstat(path + "/" + file, &status) == 0 else { continue }
            entries[name] = PrefixIndex.Entry(
                byteCount: status.st_size,
                lastUse: status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec)
        }
        return entries
    }

    /// Saves what is missing of a prompt, and waits until each block is written or given up: a block that is there may
    /// have to go for one that is not.
    func save(_ blocks: [Int], to store: PrefixStore) async throws {
        let tokens = PrefixWorkload.prompt(blocks)
        for index in store.firstMissingBlock(of: tokens[...])..<blocks.count {
            #expect(store.save(Self.block(blocks[...index])))
            let beginning = tokens[..<((index + 1) * PrefixStore.blockLength)]
            try await until {
                store.firstMissingBlock(of: beginning) * PrefixStore.blockLength == store.storedLength(of: beginning)
            }
        }
    }

    /// Waits for something that happens on another thread.
    func until(_ condition: () throws -> Bool) async throws {
        // So long only where it never happens.
        for _ in 0..<300_000 {
            if try condition() { return }
            try await Task.sleep(for: .milliseconds(1))
        }
        Issue.record("it has not happened in five minutes")
    }

    /// Loads blocks and checks each; gives their number.
    @discardableResult func load(_ blocks: [Int], from first: Int = 0, in store: PrefixStore) async -> Int {
        let tokens = PrefixWorkload.prompt(blocks)
        let found: [PrefixBlock] = await withCheckedContinuation { continuation in
            let range = first * PrefixStore.blockLength..<tokens.count
            let isTaken = store.load(tokens, range: range) { continuation.resume(returning: $0) }
            if !isTaken { continuation.resume(returning: []) }
        }
        for (index, block) in zip(first..., found) {
            #expect(block.range.lowerBound == index * PrefixStore.blockLength)
            #expect(block.range.count == PrefixStore.blockLength)
            #expect(block.tokens == tokens[..<block.range.upperBound])
            #expect(block.payload == PrefixWorkload.payload(blocks[...index]))
        }
        return found.count
    }

    /// Checks what must hold whenever nobody writes: every block is right, has those before it, and they fit.
    func checkFolder(limit: Int) async throws {
        #expect(entries.values.reduce(0) { $0 + $1.byteCount } <= limit)
        let blocks = entries.count
        let store = try open(limit: limit)
        var found = 0
        for prompt in PrefixWorkload.all {
            let tokens = PrefixWorkload.prompt(prompt)
            guard store.storedLength(of: tokens[...]) == tokens.count else { continue }
            found += await load(prompt, from: prompt.count - 1, in: store)
        }
        await store.close()
        #expect(found == blocks, "a block cannot be reached, or is damaged")
        // Opening has removed what else there was of ours.
        #expect(files.count == blocks)
    }
}
