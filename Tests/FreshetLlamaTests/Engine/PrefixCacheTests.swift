import Freshet
import FreshetLlama
import Testing

struct PrefixCacheTests {
    private func makeCache(sequences: Int = 4, capacity: Int = 100, isTrimmable: Bool = true) -> PrefixCache {
        PrefixCache(sequenceCount: sequences, capacity: capacity, isTrimmable: isTrimmable)
    }

    /// Starts a generation and computes all of its tokens.
    private func run(_ tokens: [Token], on cache: inout PrefixCache) -> Int32 {
        let (sequence, cached, _) = cache.start(tokens[...], mayShare: true)
        cache.append(tokens[cached...], to: sequence)
        #expect(cache.brokenInvariant() == nil)
        return sequence
    }

    @Test func aPromptSharesTheLongestBeginningOfAnySequence() {
        var cache = makeCache()
        #expect(cache.longestPrefix(of: [1, 2]) == 0)
        let first = run([1, 2, 3, 4], on: &cache)
        let second = run([1, 2, 7, 8, 9], on: &cache)
        #expect(cache.usedCells == 7)
        #expect(cache.finish(second).isEmpty)
        for (prompt, expected) in [
            ([1, 2, 3, 4, 5], 4), ([1, 2, 3], 3), ([1, 2, 7, 8, 1], 4), ([1, 9], 1), ([2], 0), ([], 0),
        ] as [([Token], Int)] {
            #expect(cache.longestPrefix(of: prompt[...]) == expected)
        }
        let third = cache.start([1, 2, 7, 8, 1], mayShare: true)
        #expect(third.cached == 4)
        #expect(third.operations == [.share(from: second, to: third.sequence, length: 4)])
        let alone = cache.start([1, 2, 3, 4], mayShare: false)
        #expect(alone.cached == 0 && alone.operations.isEmpty)
        #expect(cache.length(of: first) == 4 && cache.length(of: third.sequence) == 4)
        #expect(cache.brokenInvariant() == nil)
    }

    @Test func aCoveredSequenceGivesItsNumberBack() {
        var cache = makeCache(sequences: 2)
        let first = run([1, 2, 3], on: &cache)
        #expect(cache.finish(first).isEmpty)
        // A conversation goes on: the longer sequence holds all that the shorter one held.
        let second = run([1, 2, 3, 4], on: &cache)
        #expect(cache.finish(second) == [.truncate(sequence: first, length: 0)])
        // And a shorter one adds nothing.
        let third = run([1, 2], on: &cache)
        #expect(cache.finish(third) == [.truncate(sequence: third, length: 0)])
        #expect(cache.usedCells == 4 && cache.longestPrefix(of: [1, 2, 3, 4]) == 4)
    }

    @Test func tokensComputedTwiceAreFreed() {
        var cache = makeCache()
        let first = cache.start([1, 2, 3], mayShare: true).sequence
        let second = cache.start([1, 2, 3], mayShare: true).sequence
        let third = cache.start([1, 2], mayShare: true).sequence
        for sequence in [first, second] { cache.append([1, 2, 3], to: sequence) }
        cache.append([1, 2], to: third)
        #expect(cache.usedCells == 8)
        // A running sequence has the same: its cells are shared, and stay.
        #expect(
            cache.finish(third)
                == [.truncate(sequence: third, length: 0), .share(from: first, to: third, length: 2)])
        #expect(cache.usedCells == 6 && cache.length(of: third) == 2)
        #expect(cache.brokenInvariant() == nil)
        // The third is the first's beginning, and the first is what the second has computed by itself.
        #expect(
            cache.finish(first) == [
                .truncate(sequence: third, length: 0), .truncate(sequence: first, length: 0),
                .share(from: second, to: first, length: 3),
            ])
        #expect(cache.usedCells == 3)
        #expect(cache.finish(second) == [.truncate(sequence: second, length: 0)])
        #expect(cache.usedCells == 3)
    }

    @Test func cellsSharedWithARunningSequenceAreLeftAsTheyAre() {
        var cache = makeCache()
        _ = run([1, 2, 3], on: &cache)
        let second = run([1, 2, 3], on: &cache)
        #expect(cache.finish(second).isEmpty)
        #expect(cache.usedCells == 3 && cache.length(of: second) == 3)
    }

    /// A finished sequence that spells what another computed by itself counts as used by it.
    @Test func whoCoversAnotherIsUsedByIt() {
        var cache = makeCache(capacity: 10)
        let first = run([1, 2, 3], on: &cache)
        let second = cache.start([1, 2], mayShare: false).sequence
        cache.append([1, 2], to: second)
        _ = cache.finish(first)
        let third = run([5, 5], on: &cache)
        _ = cache.finish(third)
        #expect(cache.finish(second) == [.truncate(sequence: second, length: 0)])
        // The first one's own end is the oldest, its beginning the youngest.
        #expect(
            cache.makeRoom(for: 8) == [.truncate(sequence: first, length: 2), .truncate(sequence: third, length: 0)])
    }

    @Test func roomIsMadeFromTheTailOfTheLeastRecentlyUsed() {
        var cache = makeCache(capacity: 12)
        let old = run([1, 1, 5, 5], on: &cache)
        _ = cache.finish(old)
        let young = run([2, 2, 2, 2], on: &cache)
        _ = cache.finish(young)
        #expect(cache.makeRoom(for: 4) == [])
        // The beginning of the old one is asked for once more, and then only that is young.
        _ = cache.finish(run([1, 1, 6, 6], on: &cache))
        #expect(cache.usedCells == 10)
        #expect(cache.makeRoom(for: 3) == [.truncate(sequence: old, length: 3)])
        // With its own tokens gone, the old one is a beginning that another holds too.
        #expect(cache.makeRoom(for: 4) == [.truncate(sequence: old, length: 0)])
        #expect(cache.makeRoom(for: 7) == [.truncate(sequence: young, length: 1)])
        #expect(cache.longestPrefix(of: [1, 1, 6, 6]) == 4)
        #expect(cache.makeRoom(for: 12)?.count == 2)
        #expect(cache.usedCells == 0 && cache.brokenInvariant() == nil)
    }

    @Test func runningSequencesAreNeverForgotten() {
        var cache = makeCache(capacity: 6)
        _ = cache.finish(run([1, 2, 3, 4], on: &cache))
        let running = run([1, 2, 9], on: &cache)
        #expect(cache.makeRoom(for: 4) == nil)
        #expect(cache.usedCells == 5 && cache.longestPrefix(of: [1, 2, 3, 4]) == 4)
        #expect(cache.makeRoom(for: 3) == [.truncate(sequence: 0, length: 2)])
        #expect(cache.length(of: running) == 3)
    }

    @Test func theLeastRecentlyUsedSequenceGivesItsNumber() {
        var cache = makeCache(sequences: 2)
        let first = run([1, 2], on: &cache)
        let second = run([3, 4], on: &cache)
        _ = cache.finish(second)
        _ = cache.finish(first)
        let third = cache.start([1, 5], mayShare: true)
        #expect(third.sequence == second)
        #expect(
            third.operations
                == [.truncate(sequence: second, length: 0), .share(from: first, to: second, length: 1)])
    }

    /// Where the only holder of the prefix has to give its number, it is cut and goes on as the new sequence.
    @Test func theOnlyHolderIsTakenOver() {
        var cache = makeCache(sequences: 1)
        _ = cache.finish(run([1, 2, 3], on: &cache))
        let next = cache.start([1, 2, 9], mayShare: true)
        #expect(next.sequence == 0 && next.cached == 2)
        #expect(next.operations == [.truncate(sequence: 0, length: 2)])
        #expect(cache.makeRoom(for: 99) == nil)
        #expect(cache.brokenInvariant() == nil)
    }

    @Test func memoryThatCannotBeTrimmedIsSharedWhole() {
        var cache = makeCache(capacity: 10, isTrimmable: false)
        let first = run([1, 2, 3], on: &cache)
        _ = cache.finish(first)
        #expect(cache.longestPrefix(of: [1, 2]) == 0 && cache.longestPrefix(of: [1, 2, 4]) == 0)
        #expect(cache.longestPrefix(of: [1, 2, 3]) == 3)
        let second = run([1, 2, 3, 4], on: &cache)
        // The shorter one can begin prompts that the longer one cannot.
        #expect(cache.finish(second).isEmpty)
        #expect(cache.longestPrefix(of: [1, 2, 3, 9]) == 3 && cache.longestPrefix(of: [1, 2, 3, 4, 9]) == 4)
        let third = run([1, 2, 3], on: &cache)
        #expect(cache.finish(third) == [.truncate(sequence: third, length: 0)])
        let fourth = run([5, 5, 5], on: &cache)
        #expect(cache.shift(fourth, removing: 1..<2) == false)
        #expect(cache.truncate(fourth, to: 2) == [.truncate(sequence: fourth, length: 0)])
        #expect(cache.length(of: fourth) == 0)
        cache.append([5, 5, 5, 5, 5], to: fourth)
        #expect(cache.makeRoom(for: 2) == [.truncate(sequence: second, length: 0)])
        #expect(cache.brokenInvariant() == nil)
    }

    @Test func whatComesAfterAShiftIsNobodyElses() {
        var cache = makeCache()
        let sequence = run([1, 2, 3, 4, 5, 6], on: &cache)
        #expect(cache.shift(sequence, removing: 2..<4) == true)
        #expect(cache.length(of: sequence) == 4 && cache.usedCells == 4)
        cache.append([7], to: sequence)
        #expect(cache.longestPrefix(of: [1, 2, 5, 6, 7]) == 2)
        #expect(cache.shift(sequence, removing: 3..<4) == true)
        #expect(cache.finish(sequence) == [.truncate(sequence: sequence, length: 2)])
        #expect(cache.longestPrefix(of: [1, 2, 3, 4]) == 2 && cache.usedCells == 2)
        #expect(cache.brokenInvariant() == nil)
    }

    @Test func aShiftNeedsCellsOfItsOwn() {
        var cache = makeCache()
        let first = run([1, 2, 3], on: &cache)
        _ = cache.finish(first)
        let second = run([1, 2, 3, 4], on: &cache)
        #expect(cache.shift(second, removing: 2..<3) == false)
        #expect(cache.shift(second, removing: 3..<4) == true)
        #expect(cache.unshare(second, from: 1) == [.truncate(sequence: first, length: 1)])
        #expect(cache.shift(second, removing: 1..<2) == true)
        #expect(cache.length(of: second) == 2 && cache.brokenInvariant() == nil)
        let third = run([1, 5], on: &cache)
        // A running one keeps what it has.
        #expect(cache.unshare(second, from: 0) == [.truncate(sequence: first, length: 0)])
        #expect(cache.shift(second, removing: 0..<1) == false)
        #expect(cache.length(of: third) == 2 && cache.brokenInvariant() == nil)
    }
}
