import Foundation
import FreshetTestSupport
import PrefixStoreProcess
import Testing

@testable import FreshetLlama

/// What a store of this limit must hold after some operations, by the rules alone.
private struct PrefixModel {
    var limit: Int
    var entries: [[Int]: PrefixIndex.Entry] = [:]

    private func beginnings(_ blocks: [Int]) -> [[Int]] { blocks.indices.map { Array(blocks[...$0]) } }

    func storedCount(_ blocks: [Int]) -> Int { beginnings(blocks).prefix { entries[$0] != nil }.count }

    mutating func use(_ blocks: [Int], at time: Int) {
        for beginning in beginnings(blocks) { entries[beginning]?.lastUse = time }
    }

    mutating func save(_ blocks: [Int], at time: Int) {
        for block in beginnings(blocks) where entries[block] == nil {
            let chain = beginnings(block).dropLast()
            guard chain.allSatisfy({ entries[$0] != nil }) else { return }
            use(block.dropLast(), at: time)
            guard chain.reduce(PrefixFixture.length(block), { $0 + PrefixFixture.length($1) }) <= limit else { return }
            shrink(to: limit - PrefixFixture.length(block), sparing: Set(chain))
            entries[block] = PrefixIndex.Entry(byteCount: PrefixFixture.length(block), lastUse: time)
        }
    }

    mutating func shrink(to limit: Int, sparing spared: Set<[Int]> = []) {
        while entries.values.reduce(0, { $0 + $1.byteCount }) > limit {
            let oldest = entries.filter { !spared.contains($0.key) }
                .min { ($0.value.lastUse, -$0.key.count) < ($1.value.lastUse, -$1.key.count) }
            guard let oldest else { return }
            // Never a choice: no two prompts are used at the same time.
            entries[oldest.key] = nil
        }
    }
}

@Suite struct PrefixWorkloadTests {
    /// Saves, loads, uses, damages, losses and restarts in random order; after each the folder is what the model says.
    @Test(arguments: [6_000, 15_000, 40_000, 1_000_000]) func theFolderHoldsWhatTheModelSays(_ limit: Int) async throws
    {
        let fixture = PrefixFixture()
        var model = PrefixModel(limit: limit)
        var store = try fixture.open(limit: limit)
        var generator = SeededGenerator(seed: UInt64(limit))
        let prompts = PrefixWorkload.all
        let blocks = try Dictionary(uniqueKeysWithValues: prompts.map { (try PrefixFixture.name($0), $0) })
        for step in 0..<150 {
            let time = fixture.clock.add(61_000_000_000, ordering: .relaxed).newValue
            let prompt = PrefixWorkload.blocks(using: &generator)
            let tokens = PrefixWorkload.prompt(prompt)
            let stored = model.storedCount(prompt)
            switch Int.random(in: 0..<12, using: &generator) {
            case 0..<5:
                try await fixture.save(prompt, to: store)
                model.save(prompt, at: time)
            case 5..<8:
                let first = Int.random(in: 0..<prompt.count, using: &generator)
                #expect(await fixture.load(prompt, from: first, in: store) == max(0, stored - first))
                if stored > first { model.use(Array(prompt[..<stored]), at: time) }
            case 8:
                store.use(tokens)
                model.use(Array(prompt[..<stored]), at: time)
                // It is written down some time after the call.
                if stored > 0 {
                    let name = try PrefixFixture.name(Array(prompt[..<stored]))
                    try await fixture.until { fixture.entries[name]?.lastUse == time }
                }
            case 9:
                guard stored > 0 else { continue }
                let victim = Array(prompt[..<Int.random(in: 1...stored, using: &generator)])
                try damage(fixture.file(victim), using: &generator)
                model.entries[victim] = nil
                #expect(await fixture.load(prompt, in: store) == victim.count - 1)
                model.use(victim.dropLast(), at: time)
            default:
                await store.close()
                model.limit = Bool.random(using: &generator) ? limit : limit / 2
                store = try fixture.open(limit: model.limit)
                let fits = { fixture.entries.values.reduce(0) { $0 + $1.byteCount } <= model.limit }
                try await fixture.until(fits)
                model.shrink(to: model.limit)
            }
            let entries = Dictionary(uniqueKeysWithValues: fixture.entries.map { (blocks[$0] ?? [], $1) })
            let differences = prompts.filter { entries[$0] != model.entries[$0] }
            try #require(differences.isEmpty, "\(differences) at step \(step)")
            let length = model.storedCount(prompt) * PrefixStore.blockLength
            try await fixture.until { store.storedLength(of: tokens[...]) == length }
        }
        await store.close()
        #expect(fixture.failures.all == [])
        #expect(fixture.files.count == model.entries.count)
    }

    /// Cuts a file, makes it longer, or flips a bit of it.
    private func damage(_ path: String, using generator: inout SeededGenerator) throws {
        var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes.removeLast(Int.random(in: 1...bytes.count, using: &generator))
        case 1: bytes.append(0)
        default:
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << Int.random(in: 0..<8, using: &generator)
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    /// Stores on one folder, each at its own work.
    @Test func storesShareAFolder() async throws {
        let fixture = PrefixFixture()
        let limit = 40_000
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 1...3 as ClosedRange<UInt64> {
                group.addTask {
                    let store = try fixture.open(limit: limit)
                    var generator = SeededGenerator(seed: seed)
                    for _ in 0..<100 {
                        fixture.clock.add(61_000_000_000, ordering: .relaxed)
                        let blocks = PrefixWorkload.blocks(using: &generator)
                        if generator.chance(0.7) { try await fixture.save(blocks, to: store) }
                        await fixture.load(blocks, in: store)
                    }
                    await store.close()
                }
            }
            try await group.waitForAll()
        }
        #expect(fixture.failures.all == [])
        try await fixture.checkFolder(limit: limit)
    }
}
