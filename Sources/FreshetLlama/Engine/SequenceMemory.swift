internal import Freshet

/// What the backend's memory and the folder of prefixes hold: carries out what ``PrefixCache`` decides.
///
/// It belongs to the engine's thread, like the backend.
struct SequenceMemory {
    private let backend: any Backend
    private let store: PrefixStore?
    private var cache: PrefixCache
    /// The names of each running sequence's blocks.
    private var names: [Int32: PrefixBlockNames] = [:]
    /// The bytes of the last block that was taken out of memory.
    private var stateLength: Int?

    init(_ backend: any Backend, store: PrefixStore?) {
        self.backend = backend
        self.store = store
        cache = PrefixCache(
            sequenceCount: backend.sequenceCount, capacity: backend.capacity, isTrimmable: backend.isTrimmable)
    }

    /// How many of a prompt's tokens a generation would find in memory. The last one is computed in any case, because
    /// its logits are needed.
    func cachedLength(of prompt: [Token]) -> Int { cache.longestPrefix(of: prompt.dropLast()) }

    /// How many of a prompt's tokens the folder has, less the last one.
    func storedLength(of prompt: [Token]) -> Int { store?.storedLength(of: prompt.dropLast()) ?? 0 }

    /// Asks the folder for the part of a prompt that is not in memory.
    ///
    /// - Parameter length: how much of the prompt the folder has, as ``storedLength(of:)`` told: asked again, it could
    ///   have lost some of it.
    /// - Returns: whether `completion` will be called.
    func load(_ prompt: [Token], upTo length: Int, completion: @escaping @Sendable ([PrefixBlock]) -> Void) -> Bool {
        let block = PrefixStore.blockLength
        let begin = cachedLength(of: prompt) / block * block
        guard let store, begin < length else { return false }
        return store.load(prompt, range: begin..<length, completion: completion)
    }

    /// Tells the folder that a prompt's beginning was found in memory, so that what it has of it is not the oldest.
    func use(_ prompt: [Token]) {
        guard let store, store.storedLength(of: prompt[...]) > 0 else { return }
        store.use(prompt)
    }

    /// Takes a sequence for a generation.
    ///
    /// - Returns: the sequence, and how many tokens of the prompt it holds.
    mutating func begin(_ prompt: [Token], mayShare: Bool) -> (sequence: Int32, cached: Int) {
        take(prompt.dropLast(), mayShare: mayShare)
    }

    private mutating func take(_ tokens: ArraySlice<Token>, mayShare: Bool) -> (sequence: Int32, cached: Int) {
        let start = cache.start(tokens, mayShare: mayShare)
        apply(start.operations)
        guard !canContinue(start.sequence) else {
            return (start.sequence, start.cached)
        }
        // What others hold of these tokens is of no more use, and would be found again.
        apply(cache.unshare(start.sequence, from: start.cached - 1))
        apply(cache.truncate(start.sequence, to: 0))
        return (start.sequence, 0)
    }

    /// How many tokens a sequence holds.
    func length(of sequence: Int32) -> Int { cache.length(of: sequence) }

    /// Puts a block from the folder behind what a sequence holds, if it is not in memory already.
    ///
    /// - Returns: false when it does not fit there, or is of another kind; the sequence then holds what comes before.
    mutating func restore(_ block: PrefixBlock, to sequence: Int32) -> Bool {
        let length = cache.length(of: sequence)
        guard block.range.upperBound > length else { return true }
        guard block.range.lowerBound <= length else { return false }
        // A block is whole: where a part of it is in memory, that is taken out first.
        if block.range.lowerBound < length { apply(cache.truncate(sequence, to: block.range.lowerBound)) }
        guard makeRoom(for: block.range.count), backend.load(block.payload, range: block.range, into: sequence)
        else { return false }
        cache.append(block.tokens[block.range], to: sequence)
        return true
    }

    /// Makes room for so many more tokens by forgetting finished sequences.
    mutating func makeRoom(for count: Int) -> Bool {
        guard let operations = cache.makeRoom(for: count) else { return false }
        apply(operations)
        return true
    }

    /// Says that a decode has put tokens at a sequence's end, and keeps every block that is full with them.
    ///
    /// - Parameters:
    ///   - tokens: all tokens of the generation.
    ///   - range: those that are new in memory.
    mutating func append(_ tokens: [Token], _ range: Range<Int>, to sequence: Int32) {
        cache.append(tokens[range], to: sequence)
        guard let store else { return }
        let length = PrefixStore.blockLength
        for end in stride(from: (range.lowerBound / length + 1) * length, through: range.upperBound, by: length) {
            save(tokens[..<end], from: end - length, of: sequence, to: store)
        }
    }

    private mutating func save(_ tokens: ArraySlice<Token>, from begin: Int, of sequence: Int32, to store: PrefixStore)
    {
        // Blocks build on each other: one after a gap would never be found. After a context shift what is in memory is
        // no longer what these tokens alone would give.
        guard cache.reusableLength(of: sequence) >= tokens.endIndex else { return }
        let names = self.names[sequence] ?? store.makeNames()
        self.names[sequence] = names
        names.extend(over: tokens)
        guard store.firstMissingBlock(of: names) * PrefixStore.blockLength == begin,
            // Blocks of one model are as long as each other: whether this one fits is known before it is taken out.
            stateLength.map({ store.hasRoom(for: tokens.count, payloadLength: $0) }) ?? true,
            let state = backend.save(sequence, range: begin..<tokens.endIndex)
        else { return }
        stateLength = state.count
        // One that has no place now is computed again and offered again.
        _ = store.save(PrefixBlock(tokens: tokens, range: begin..<tokens.endIndex, payload: state), names: names)
    }

    /// A sentence that says what is wrong with the cache, for tests; `nil` when nothing is.
    var brokenInvariant: String? { cache.brokenInvariant() }

    /// Puts the cache right after a decode that was broken off. A sequence that cannot be cut is begun anew.
    ///
    /// - Parameter tokens: all tokens of the generation.
    /// - Returns: how many of them are in memory.
    mutating func resume(_ tokens: [Token], of sequence: Int32) -> Int {
        // Blocks that have a name may be computed once more.
        names[sequence] = nil
        let held = cache.length(of: sequence)
        guard backend.isTrimmable else {
            apply(cache.truncate(sequence, to: 0))
            return 0
        }
        let reached = min(max(backend.nextPosition(of: sequence), 0), tokens.count)
        if reached > held { cache.append(tokens[held..<reached], to: sequence) }
        // Beyond the tokens may be some of a draft.
        if reached < held || backend.nextPosition(of: sequence) > reached { truncate(sequence, to: reached) }
        return reached
    }

    /// Takes out of memory what a sequence's drafts have put behind its first `length` tokens.
    mutating func truncate(_ sequence: Int32, to length: Int) { apply(cache.truncate(sequence, to: length)) }

    /// Takes tokens out of a sequence, so that it can go on.
    ///
    /// - Returns: how many tokens it holds then: all others, or those before the range, where the rest has to be
    ///   computed again.
    mutating func shift(_ sequence: Int32, removing range: Range<Int>) -> Int {
        // What follows the range makes other blocks.
        names[sequence] = nil
        apply(cache.unshare(sequence, from: range.lowerBound))
        if backend.canShift, cache.shift(sequence, removing: range) {
            if backend.shift(sequence, removing: range), canContinue(sequence) { return cache.length(of: sequence) }
        }
        apply(cache.truncate(sequence, to: range.lowerBound))
        if !canContinue(sequence) { apply(cache.truncate(sequence, to: 0)) }
        return cache.length(of: sequence)
    }

    private func canContinue(_ sequence: Int32) -> Bool {
        backend.canContinue(sequence, at: cache.length(of: sequence))
    }

    /// Says that a sequence's generation has ended. Its tokens stay for later prompts.
    mutating func finish(_ sequence: Int32) {
        names[sequence] = nil
        apply(cache.finish(sequence))
    }

    /// Forgets every sequence whose generation has ended.
    mutating func forgetFinished() { apply(cache.forgetFinished()) }

    /// Forgets a sequence whose computation failed.
    mutating func forget(_ sequence: Int32) {
        names[sequence] = nil
        apply(cache.forget(sequence))
    }

    /// Does what somebody outside wants of memory.
    mutating func carryOut(_ errand: MemoryErrand) {
        switch errand {
        case .save(let tokens, let completion):
            // A sequence of its own: those that hold these tokens are not touched, whether they run or have ended.
            let (sequence, cached) = take(tokens[...], mayShare: true)
            let payload = cached > 0 ? backend.save(sequence, range: 0..<cached) : nil
            finish(sequence)
            completion(.success(payload.map { PrefixBlock(tokens: tokens[..<cached], range: 0..<cached, payload: $0) }))
        case .restore(let block, let completion):
            let (sequence, _) = take(block.tokens, mayShare: true)
            let isRestored = restore(block, to: sequence)
            finish(sequence)
            completion(.success(isRestored))
        }
    }

    private func apply(_ operations: [PrefixCache.Operation]) {
        for operation in operations {
            switch operation {
            case .share(let from, let to, let length): backend.share(from: from, to: to, length: length)
            case .truncate(let sequence, let length): backend.truncate(sequence, to: length)
            }
        }
    }
}
