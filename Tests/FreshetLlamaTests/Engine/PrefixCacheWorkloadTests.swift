import Freshet
import FreshetLlama
import FreshetTestSupport
import Testing

/// Random workloads, whose prompts begin alike more often than not, against memory cell by cell.
struct PrefixCacheWorkloadTests {
    @Test(arguments: [true, false]) func memoryIsAlwaysAsTheCacheSays(isTrimmable: Bool) {
        var totals = Workload.Totals()
        for seed in 0..<(500 as UInt64) {
            var workload = Workload(seed: seed, isTrimmable: isTrimmable)
            for step in 0..<60 {
                if let wrong = workload.step() {
                    Issue.record("seed \(seed), step \(step): \(wrong)")
                    return
                }
            }
            totals.add(workload.totals)
        }
        // What is compared only under conditions must not have been left out altogether.
        #expect(totals.evictions > 200 && totals.numbersTaken > 1_000 && totals.refusals > 300)
        #expect(totals.sharedTokens > 5_000 && totals.coverings > 200 && totals.adoptions > 50)
        #expect(!isTrimmable || totals.shifts > 200)
    }
}

/// One random workload: the cache, the cells it speaks of, and what is known of every sequence.
private struct Workload {
    /// How often things happened that not every workload meets.
    struct Totals {
        /// Those of which it was known who should go.
        var evictions = 0
        var numbersTaken = 0
        var refusals = 0
        var sharedTokens = 0
        var shifts = 0
        var adoptions = 0
        var coverings = 0

        mutating func add(_ other: Totals) {
            evictions += other.evictions
            numbersTaken += other.numbersTaken
            refusals += other.refusals
            sharedTokens += other.sharedTokens
            shifts += other.shifts
            adoptions += other.adoptions
            coverings += other.coverings
        }
    }

    /// What a sequence should hold.
    struct Sequence {
        var isRunning: Bool
        var tokens: [Token] = []
        /// Of the prompt, what is still to be computed.
        var pending: ArraySlice<Token> = []
        /// How much others may use: less than all after a shift.
        var publicLength = Int.max

        var publicTokens: ArraySlice<Token> { tokens.prefix(publicLength) }
    }

    var totals = Totals()
    private var random: SeededGenerator
    private let isTrimmable: Bool
    private let capacity: Int
    private let sequenceCount: Int
    private var cache: PrefixCache
    private var memory = CellMemory()
    private var sequences: [Int32: Sequence] = [:]
    private var clock = 0
    /// Whether the cells' last use is known. It is not once two doubles could have been meant.
    private var knowsLastUse = true

    init(seed: UInt64, isTrimmable: Bool) {
        random = SeededGenerator(seed: seed)
        self.isTrimmable = isTrimmable
        capacity = Int.random(in: 6...60, using: &random)
        sequenceCount = Int.random(in: 1...7, using: &random)
        cache = PrefixCache(sequenceCount: sequenceCount, capacity: capacity, isTrimmable: isTrimmable)
    }

    private func sequences(isRunning: Bool) -> [Int32] {
        sequences.filter { $0.value.isRunning == isRunning }.map(\.key).sorted()
    }

    /// Does something at random.
    ///
    /// - Returns: what was wrong then.
    mutating func step() -> String? {
        let running = sequences(isRunning: true)
        guard let sequence = running.isEmpty ? nil : random.pick(running) else { return start() ?? wrong() }
        let outcome: String? =
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<5: running.count < sequenceCount ? start() : append(to: sequence)
            case 5..<13: append(to: sequence)
            case 13: truncate(sequence)
            case 14..<17: finish(sequence)
            case 17: forget(random.pick(Array(sequences.keys).sorted()))
            case 18: shift(sequence)
            default: makeRoom(for: Int.random(in: 0...capacity, using: &random))
            }
        return outcome ?? wrong()
    }

    /// What is wrong with the state as a whole.
    private mutating func wrong() -> String? {
        if let sentence = cache.brokenInvariant() { return sentence }
        if cache.usedCells != memory.cells.count {
            return "\(cache.usedCells) cells are counted of \(memory.cells.count)"
        }
        if cache.usedCells > capacity { return "more cells than there are" }
        for number in 0..<Int32(sequenceCount) {
            let expected = sequences[number]?.tokens ?? []
            if memory.tokens(of: number) != expected { return "sequence \(number) does not hold \(expected)" }
            if cache.length(of: number) != expected.count { return "the length of \(number)" }
        }
        let prompt = prompt()
        let longest = longestPrefix(of: prompt)
        return cache.longestPrefix(of: prompt[...]) == longest ? nil : "the longest prefix of \(prompt) is \(longest)"
    }

    private mutating func perform(_ operations: [PrefixCache.Operation]) -> String? {
        for operation in operations {
            guard memory.perform(operation) else { return "\(operation) cannot be carried out" }
            if case .share(_, let to, let length) = operation, length == 0 || to < 0 { return "an empty share" }
        }
        return nil
    }

    /// Tokens that begin like some sequence's, most of the time.
    private mutating func prompt() -> [Token] {
        var tokens: [Token] = []
        if let known = sequences.values.map(\.tokens).filter({ !$0.isEmpty }).sorted(by: {
            $0.lexicographicallyPrecedes($1)
        })
        .randomElement(using: &random), random.chance(0.7) {
            tokens = Array(
                known.prefix(random.chance(0.4) ? known.count : Int.random(in: 0...known.count, using: &random)))
        }
        for _ in 0..<Int.random(in: 0...4, using: &random) { tokens.append(Token.random(in: 1...2, using: &random)) }
        return tokens
    }

    private func longestPrefix(of prompt: [Token]) -> Int {
        sequences.values.map { sequence in
            guard !isTrimmable else { return zip(sequence.publicTokens, prompt).prefix { $0 == $1 }.count }
            return prompt.starts(with: sequence.tokens) ? sequence.tokens.count : 0
        }.max() ?? 0
    }

    // MARK: - What can happen

    private mutating func start() -> String? {
        let prompt = prompt()
        let mayShare = random.chance(0.8)
        let expected = mayShare ? longestPrefix(of: prompt) : 0
        let isFull = sequences.count == sequenceCount
        let (number, cached, operations) = cache.start(prompt[...], mayShare: mayShare)
        if cached != expected { return "\(cached) of \(expected) shared" }
        if !isFull, operations.count > 1 || sequences[number] != nil { return "a number was taken without need" }
        totals.sharedTokens += cached

        // The shared cells are used before somebody has to go.
        clock += 1
        let source: Int32? =
            if case .share(let from, _, _)? = operations.last { from } else { cached > 0 ? number : nil }
        if let source {
            for cell in memory.cells(of: source)?.prefix(cached) ?? [] { cell.lastUse = clock }
        }
        if isFull {
            totals.numbersTaken += knowsLastUse ? 1 : 0
            if sequences[number]?.isRunning != false { return "running sequence \(number) was taken" }
            if knowsLastUse, leastRecentlyUsed(among: sequences(isRunning: false)) != number {
                return "sequence \(number) was not the least recently used"
            }
        }
        if let wrong = perform(operations) { return wrong }
        sequences[number] = Sequence(
            isRunning: true, tokens: Array(prompt.prefix(cached)), pending: prompt.dropFirst(cached))
        return nil
    }

    private mutating func append(to number: Int32) -> String? {
        let pending = sequences[number]?.pending ?? []
        var tokens = Array(pending.prefix(Int.random(in: 1...4, using: &random)))
        if tokens.isEmpty { tokens = [Token.random(in: 1...2, using: &random)] }
        let isRefused = totals.refusals
        if let wrong = makeRoom(for: tokens.count) { return wrong }
        guard totals.refusals == isRefused else { return finish(number) }
        cache.append(tokens[...], to: number)
        memory.decode(tokens[...], of: number)
        sequences[number]?.tokens += tokens
        sequences[number]?.pending = pending.dropFirst(tokens.count)
        return nil
    }

    private mutating func truncate(_ number: Int32) -> String? {
        guard let length = sequences[number]?.tokens.count else { return nil }
        let asked = Int.random(in: 0...length, using: &random)
        let kept = isTrimmable ? asked : 0
        let operations = cache.truncate(number, to: asked)
        guard operations == [.truncate(sequence: number, length: kept)] else { return "a cut is one operation" }
        sequences[number]?.tokens.removeLast(length - kept)
        sequences[number]?.pending = []
        // What is computed after a cut before the shift depends on nothing forgotten.
        if kept <= sequences[number]?.publicLength ?? 0 { sequences[number]?.publicLength = .max }
        return perform(operations)
    }

    private mutating func forget(_ number: Int32) -> String? {
        sequences[number] = nil
        return perform(cache.forget(number))
    }

    private mutating func shift(_ number: Int32) -> String? {
        guard let sequence = sequences[number] else { return nil }
        let from = Int.random(in: 0...sequence.tokens.count, using: &random)
        let range = from..<Int.random(in: from...sequence.tokens.count, using: &random)
        if random.chance(0.5), isTrimmable {
            if let wrong = perform(cache.unshare(number, from: from)) { return wrong }
            for other in sequences(isRunning: false) {
                let left = memory.tokens(of: other) ?? []
                guard sequences[other]?.tokens.starts(with: left) == true else { return "\(other) is not cut" }
                sequences[other]?.tokens = left
                if left.isEmpty { sequences[other] = nil }
            }
            let shared = memory.cells(of: number)?.dropFirst(from) ?? []
            if shared.contains(where: { $0.sequences.contains { sequences[$0]?.isRunning == false } }) {
                return "a finished sequence keeps cells of \(number)"
            }
        }
        let isPossible = range.isEmpty || isTrimmable && memory.shift(number, removing: range)
        if !isTrimmable, range.isEmpty { return nil }
        guard cache.shift(number, removing: range) == isPossible else { return "a shift of \(range) is \(isPossible)" }
        guard isPossible, !range.isEmpty else { return nil }
        totals.shifts += 1
        sequences[number]?.tokens.removeSubrange(range)
        // Where nothing comes after it, the cells before are all that is left.
        let isPublic = from <= sequence.publicLength && range.upperBound == sequence.tokens.count
        sequences[number]?.publicLength = isPublic ? .max : min(sequence.publicLength, from)
        sequences[number]?.pending = []
        return nil
    }

    private mutating func finish(_ number: Int32) -> String? {
        guard var sequence = sequences[number] else { return nil }
        let kept = Array(sequence.publicTokens)
        clock += 1
        for cell in memory.cells(of: number)?.prefix(kept.count) ?? [] { cell.lastUse = clock }
        let operations = cache.finish(number)
        if let wrong = perform(operations) { return wrong }
        sequence = Sequence(isRunning: false, tokens: kept)
        sequences[number] = sequence
        // Who gave its number back must be another's beginning (or, in memory that cannot be trimmed, its equal).
        let left = sequences(isRunning: false).filter { cache.length(of: $0) > 0 }
        for other in sequences(isRunning: false) where !left.contains(other) {
            guard let tokens = sequences.removeValue(forKey: other)?.tokens, !tokens.isEmpty else { continue }
            totals.coverings += 1
            let covering = left.filter {
                sequences[$0]?.tokens.starts(with: tokens) == true
                    && (isTrimmable || sequences[$0]?.tokens.count == tokens.count)
            }
            if covering.isEmpty { return "\(tokens) of \(other) got lost" }
            if other == number { touch(tokens.count, of: covering) }
        }
        if case .share(_, number, let length)? = operations.last {
            totals.adoptions += 1
            if length != kept.count { return "half an adoption" }
            for cell in memory.cells(of: number) ?? [] { cell.lastUse = clock }
        }
        return nil
    }

    /// Says that the beginning of one of the sequences has been used: of which is not known where they do not share it.
    private mutating func touch(_ length: Int, of covering: [Int32]) {
        let ways = Set(covering.map { memory.cells(of: $0)?.prefix(length).map(ObjectIdentifier.init) })
        if ways.count > 1 { knowsLastUse = false }
        for cell in memory.cells(of: covering[0])?.prefix(length) ?? [] { cell.lastUse = clock }
    }

    private mutating func makeRoom(for count: Int) -> String? {
        let isIdle: (CellMemory.Cell) -> Bool = { [sequences] cell in
            !cell.sequences.contains { sequences[$0]?.isRunning == true }
        }
        let idle = memory.cells.count(where: isIdle)
        let missing = memory.cells.count + count - capacity
        guard let operations = cache.makeRoom(for: count) else {
            totals.refusals += 1
            return missing > idle ? nil : "room was refused"
        }
        if missing > idle { return "room was promised" }
        if missing <= 0 { return operations.isEmpty ? nil : "something was forgotten without need" }
        totals.evictions += knowsLastUse ? 1 : 0

        // Cell by cell (or sequence by sequence) what should go.
        var expected = sequences
        var cells = memory.cells
        while cells.count + count > capacity, knowsLastUse {
            let tails = expected.keys.filter { number in
                !expected[number]!.isRunning
                    && cells.last { $0.sequences.contains(number) && isTail($0, of: number, expected) }.map(isIdle)
                        == true
            }
            guard let victim = leastRecentlyUsed(among: tails.sorted(), in: expected) else {
                return "nothing to forget"
            }
            let kept = isTrimmable ? expected[victim]!.tokens.count - 1 : 0
            expected[victim]!.tokens.removeLast(expected[victim]!.tokens.count - kept)
            let holds: (Int32, CellMemory.Cell) -> Bool = { number, cell in
                cell.sequences.contains(number) && cell.position < expected[number]?.tokens.count ?? 0
            }
            let tail = cells.first { $0.sequences.contains(victim) && $0.position == kept - 1 }
            let isCovered =
                isTrimmable
                && expected.keys.contains { other in
                    other != victim && !expected[other]!.isRunning && tail.map { holds(other, $0) } == true
                }
            if kept == 0 || isCovered { expected[victim] = nil }
            cells.removeAll { cell in !cell.sequences.contains { holds($0, cell) } }
        }
        if let wrong = perform(operations) { return wrong }
        if memory.cells.count + count > capacity { return "too little room" }
        if isTrimmable, memory.cells.count + count < capacity { return "more was forgotten than needed" }
        if !knowsLastUse {
            for number in sequences(isRunning: false) {
                expected[number]?.tokens = memory.tokens(of: number) ?? []
                if expected[number]?.tokens.isEmpty == true { expected[number] = nil }
            }
        }
        sequences = expected
        return nil
    }

    private func isTail(_ cell: CellMemory.Cell, of number: Int32, _ sequences: [Int32: Sequence]) -> Bool {
        cell.position == sequences[number]!.tokens.count - 1
    }

    private func leastRecentlyUsed(among numbers: [Int32], in sequences: [Int32: Sequence]? = nil) -> Int32? {
        let known = sequences ?? self.sequences
        let lastUse: (Int32) -> Int = { number in
            memory.cells.first { $0.sequences.contains(number) && isTail($0, of: number, known) }?.lastUse ?? 0
        }
        return numbers.min {
            (lastUse($0), known[$1]!.tokens.count) < (lastUse($1), known[$0]!.tokens.count)
        }
    }
}
