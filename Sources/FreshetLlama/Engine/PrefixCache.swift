package import Freshet

/// What the backend's memory holds: the tokens of every running and finished sequence, and who shares them.
///
/// A value: it computes nothing, and says in ``Operation``s what is to be done to the backend's memory. A new prompt
/// shares the longest beginning that any sequence holds; finished sequences stay until their room is needed, the least
/// recently used goes first. Sequences are a radix tree over tokens, as in SGLang's RadixAttention (Zheng et al. 2024),
/// here over the cells of llama.cpp's unified memory, which are shared by the token and not by the block.
package struct PrefixCache: Sendable {
    /// What is to be done to the backend's memory so that it is as the cache says. To be carried out in order.
    package enum Operation: Sendable, Hashable {
        /// Lets `to`, which is empty, hold the first `length` tokens of `from` too.
        case share(from: Int32, to: Int32, length: Int)
        /// Forgets what the sequence holds from `length` on.
        case truncate(sequence: Int32, length: Int)
    }

    private enum Use: Sendable {
        case free, running, finished
    }

    private struct Holding: Sendable {
        var use = Use.free
        /// Where the sequence ends; the root while it holds nothing.
        var end = PrefixTree.root
    }

    private let capacity: Int
    private let isTrimmable: Bool
    private var tree = PrefixTree()
    /// One for each sequence number.
    private var holdings: [Holding]
    /// Counts the events that use a prefix.
    private var clock: UInt64 = 0

    /// An empty memory.
    ///
    /// - Parameters:
    ///   - sequenceCount: the sequences that the backend tells apart, running and finished ones together.
    ///   - capacity: the tokens that its memory holds.
    ///   - isTrimmable: false for recurrent models, whose memory of a sequence can be shared or dropped only as a
    ///     whole. Then only a sequence all of whose tokens begin a prompt is shared, and truncation is to 0.
    package init(sequenceCount: Int, capacity: Int, isTrimmable: Bool) {
        self.capacity = capacity
        self.isTrimmable = isTrimmable
        holdings = Array(repeating: Holding(), count: sequenceCount)
    }

    /// Cells of the backend's memory that are taken. One that several sequences share counts once.
    package var usedCells: Int { tree.usedCells }

    /// How many of a prompt's beginning tokens are in memory, in any running or finished sequence, and usable.
    ///
    /// - Parameter tokens: a prompt, less its last token where the logits after that have to be computed.
    package func longestPrefix(of tokens: ArraySlice<Token>) -> Int { longestMatch(of: tokens)?.end ?? 0 }

    /// The tokens that a sequence holds; 0 for one that is free.
    package func length(of sequence: Int32) -> Int { tree.nodes[holdings[Int(sequence)].end].end }

    /// How many of a sequence's tokens later prompts may share: all of them, but after a context shift only those
    /// before it.
    package func reusableLength(of sequence: Int32) -> Int { tree.publicLength(of: holdings[Int(sequence)].end) }

    // MARK: - A generation's life

    /// Takes a sequence for a new generation. It shares the longest prefix of `tokens` that is in memory.
    ///
    /// When no number is free, the least recently used finished sequence is forgotten; where the prefix is held by that
    /// one alone, it is taken over and cut to the prefix. Fewer than all sequences may be running.
    ///
    /// - Parameters:
    ///   - tokens: a prompt, less its last token where the logits after that have to be computed.
    ///   - mayShare: false when everything has to be computed anew.
    /// - Returns: the sequence, and how many of the tokens it holds once the operations are carried out.
    package mutating func start(
        _ tokens: ArraySlice<Token>, mayShare: Bool
    ) -> (sequence: Int32, cached: Int, operations: [Operation]) {
        let match = mayShare ? longestMatch(of: tokens) : nil
        let sharers = match.map { self.sharers(of: $0) } ?? []
        let source = match.map { tree.split($0.place, at: $0.end) } ?? PrefixTree.root
        let cached = tree.nodes[source].end
        clock += 1
        tree.touch(source, at: clock)

        var operations: [Operation] = []
        let sequence: Int32
        if let free = holdings.firstIndex(where: { $0.use == .free }) {
            sequence = Int32(free)
        } else {
            // The caller keeps fewer running than there are: without a finished one there is no number to give.
            guard let victim = leastRecentlyUsed(where: { _ in true }) else {
                preconditionFailure("All sequences run.")
            }
            sequence = victim
            if sharers == [victim] {
                if length(of: victim) > cached { operations.append(cut(victim, to: cached)) }
                tree.setRunning(true, at: source)
                holdings[Int(victim)].use = .running
                return (victim, cached, operations)
            }
            operations.append(drop(victim))
        }
        if let from = sharers.filter({ $0 != sequence }).min() {
            operations.append(.share(from: from, to: sequence, length: cached))
        }
        tree.hold(source, by: sequence, isRunning: true)
        holdings[Int(sequence)] = Holding(use: .running, end: source)
        return (sequence, cached, operations)
    }

    /// Makes room for `count` more cells by forgetting tokens that only finished sequences hold: the least recently
    /// used first, from the tail, and no more than needed (but wholly where memory cannot be trimmed).
    ///
    /// - Returns: `nil` when running sequences leave no room even so; nothing is changed then.
    package mutating func makeRoom(for count: Int) -> [Operation]? {
        var missing = usedCells + count - capacity
        guard missing > 0 else { return [] }
        guard missing <= tree.idleCells else { return nil }
        var operations: [Operation] = []
        while missing > 0,
            let victim = leastRecentlyUsed(where: { tree.nodes[$0].runningHolders == 0 })
        {
            let end = tree.nodes[holdings[Int(victim)].end]
            let kept = isTrimmable ? max(end.start, end.end - missing) : 0
            var operation = cut(victim, to: kept)
            // What is left may be another's beginning, for which no number is needed.
            if kept == 0 || isCovered(victim) { operation = drop(victim) }
            if case .truncate(victim, _)? = operations.last { operations.removeLast() }
            operations.append(operation)
            missing = usedCells + count - capacity
        }
        return operations
    }

    /// Says that a decode has put tokens at a running sequence's end.
    package mutating func append(_ tokens: ArraySlice<Token>, to sequence: Int32) {
        let place = Int(sequence)
        holdings[place].end = tree.append(tokens, at: holdings[place].end, by: sequence, isRunning: true)
    }

    /// Cuts a running sequence, after a decode that was broken off, or to compute its end anew.
    ///
    /// Memory that cannot be trimmed is cut to 0; ask ``length(of:)``. The operation is given also for a sequence that
    /// is no longer than `length` here, because a decode that was broken off may have put more into memory.
    package mutating func truncate(_ sequence: Int32, to length: Int) -> [Operation] {
        [cut(sequence, to: isTrimmable ? min(length, self.length(of: sequence)) : 0)]
    }

    /// Takes the tokens in `range` out of a running sequence; the later ones move down (context shift).
    ///
    /// From `range.lowerBound` on the cells are the sequence's own affair afterwards, because their values depend on
    /// forgotten tokens: no prompt shares them, and ``finish(_:)`` keeps what stands before.
    ///
    /// - Returns: false when another sequence holds cells from `range.lowerBound` on, or memory cannot be trimmed;
    ///   nothing is changed then. See ``unshare(_:from:)``.
    package mutating func shift(_ sequence: Int32, removing range: Range<Int>) -> Bool {
        guard isTrimmable else { return false }
        guard !range.isEmpty else { return true }
        let end = holdings[Int(sequence)].end
        // Holders become fewer along the way, so the first node that is touched tells for all.
        let first = tree.path(to: end).first { tree.nodes[$0].start <= range.lowerBound }
        guard let first, tree.nodes[first].holders.count == 1 else { return false }
        let moved = tree.tokens(to: end).dropFirst(range.upperBound)
        _ = cut(sequence, to: range.lowerBound)
        let place = Int(sequence)
        holdings[place].end = tree.append(
            moved, at: holdings[place].end, by: sequence, isRunning: true, isPrivate: true)
        return true
    }

    /// Makes finished sequences forget the cells from `position` on that they share with a running one, so that it can
    /// be shifted. Other running sequences keep theirs.
    package mutating func unshare(_ sequence: Int32, from position: Int) -> [Operation] {
        let first = tree.path(to: holdings[Int(sequence)].end).first { tree.nodes[$0].start <= position }
        guard isTrimmable, let first, tree.nodes[first].end > position else { return [] }
        return tree.nodes[first].holders.filter { holdings[Int($0)].use == .finished }.sorted().map { other in
            let operation = cut(other, to: position)
            return position == 0 || isCovered(other) ? drop(other) : operation
        }
    }

    /// Says that a generation has ended: its tokens stay for later prompts, as long as there is room.
    ///
    /// A sequence that another finished one covers gives its number back, and so does any that this one covers; where a
    /// running one has computed the same tokens by itself, its cells are shared and the doubled ones are freed.
    package mutating func finish(_ sequence: Int32) -> [Operation] {
        let place = Int(sequence)
        var operations: [Operation] = []
        let kept = tree.publicLength(of: holdings[place].end)
        if kept < length(of: sequence) { operations.append(cut(sequence, to: kept)) }
        tree.setRunning(false, at: holdings[place].end)
        holdings[place].use = .finished
        clock += 1
        tree.touch(holdings[place].end, at: clock)
        guard kept > 0 else {
            holdings[place] = Holding()
            return operations
        }
        return operations + settle(sequence)
    }

    /// Forgets every finished sequence: what memory holds of them is unknown.
    package mutating func forgetFinished() -> [Operation] { sequences { $0.use == .finished }.map { drop($0) } }

    /// Forgets a sequence wholly: its computation failed, or its memory may not be reused.
    package mutating func forget(_ sequence: Int32) -> [Operation] { [drop(sequence)] }

    // MARK: - Parts

    private mutating func cut(_ sequence: Int32, to length: Int) -> Operation {
        let holding = holdings[Int(sequence)]
        holdings[Int(sequence)].end = tree.release(
            holding.end, to: length, by: sequence, isRunning: holding.use == .running)
        return .truncate(sequence: sequence, length: length)
    }

    private mutating func drop(_ sequence: Int32) -> Operation {
        let operation = cut(sequence, to: 0)
        holdings[Int(sequence)] = Holding()
        return operation
    }

    /// Removes what a sequence that has just finished has in common with others without sharing it.
    private mutating func settle(_ sequence: Int32) -> [Operation] {
        let tokens = tree.tokens(to: holdings[Int(sequence)].end)
        let matches = tree.matches(of: tokens[...])
        for match in matches where match.end == tokens.count {
            guard sharers(of: match).contains(where: { $0 != sequence && holdings[Int($0)].use == .finished })
            else { continue }
            tree.touch(tree.split(match.place, at: match.end), at: clock)
            return [drop(sequence)]
        }
        var operations: [Operation] = []
        if isTrimmable {
            let passed = Set(matches.filter(\.isWhole).map(\.place))
            for other in sequences(where: { $0.use == .finished && passed.contains($0.end) }) where other != sequence {
                operations.append(drop(other))
            }
        }
        return operations + adopt(tokens, for: sequence)
    }

    /// Lets a finished sequence share a running one's cells in place of its own, where they hold the same tokens.
    private mutating func adopt(_ tokens: [Token], for sequence: Int32) -> [Operation] {
        func twin() -> (match: PrefixTree.Match, sequence: Int32)? {
            for match in tree.matches(of: tokens[...]) where match.end == tokens.count {
                let running = sharers(of: match).first { holdings[Int($0)].use == .running }
                if let running { return (match, running) }
            }
            return nil
        }
        // Cells that a running sequence holds would not be freed.
        guard tree.nodes[holdings[Int(sequence)].end].runningHolders == 0, twin() != nil else { return [] }
        var operations = [cut(sequence, to: 0)]
        // Looked for again, because giving up cells may have united nodes.
        guard let twin = twin() else { return operations }
        let end = tree.split(twin.match.place, at: tokens.count)
        tree.hold(end, by: sequence, isRunning: false)
        tree.touch(end, at: clock)
        holdings[Int(sequence)].end = end
        operations.append(.share(from: twin.sequence, to: sequence, length: tokens.count))
        return operations
    }

    /// The sequences from which a new one can take what leads to a match.
    private func sharers(of match: PrefixTree.Match) -> [Int32] {
        guard !isTrimmable else { return tree.nodes[match.place].holders.sorted() }
        return sequences { match.isWhole && match.place != PrefixTree.root && $0.end == match.place }
    }

    /// The longest way into the tree that the tokens lead, and that a sequence can be begun with.
    private func longestMatch(of tokens: ArraySlice<Token>) -> PrefixTree.Match? {
        tree.matches(of: tokens).filter { isTrimmable || !sharers(of: $0).isEmpty }.max { $0.end < $1.end }
    }

    /// Whether a finished sequence is the beginning of another, so that it needs no number.
    private func isCovered(_ sequence: Int32) -> Bool {
        let end = holdings[Int(sequence)].end
        return sequences { $0.use == .finished && $0.end == end }.count > 1
            || isTrimmable && tree.nodes[end].holders.contains { $0 != sequence && holdings[Int($0)].use == .finished }
    }

    /// The finished sequence whose end nobody has asked for for the longest time; of several the longest.
    private func leastRecentlyUsed(where isEligible: (PrefixTree.Place) -> Bool) -> Int32? {
        sequences { $0.use == .finished && isEligible($0.end) }.min {
            let (one, other) = (holdings[Int($0)].end, holdings[Int($1)].end)
            return (tree.nodes[one].lastUse, tree.nodes[other].end) < (tree.nodes[other].lastUse, tree.nodes[one].end)
        }
    }

    private func sequences(where isIncluded: (Holding) -> Bool) -> [Int32] {
        holdings.indices.filter { isIncluded(holdings[$0]) }.map { Int32($0) }
    }
}

extension PrefixCache {
    /// A sentence naming the first broken invariant; `nil` when all hold.
    package func brokenInvariant() -> String? {
        if let sentence = tree.brokenInvariant() { return sentence }
        if usedCells > capacity { return "\(usedCells) cells are used of \(capacity)." }
        var holders = [Set<Int32>](repeating: [], count: tree.nodes.count)
        var running = [Int](repeating: 0, count: tree.nodes.count)
        for (number, holding) in holdings.enumerated() {
            if holding.use == .free, holding.end != PrefixTree.root { return "Free sequence \(number) holds tokens." }
            for place in tree.path(to: holding.end) {
                holders[place].insert(Int32(number))
                running[place] += holding.use == .running ? 1 : 0
            }
            guard holding.use == .finished else { continue }
            if holding.end == PrefixTree.root { return "Finished sequence \(number) holds nothing." }
            if tree.nodes[holding.end].isPrivate { return "Finished sequence \(number) ends in private cells." }
            if isCovered(Int32(number)) { return "Finished sequence \(number) is another's beginning." }
        }
        for (place, node) in tree.nodes.enumerated() {
            if node.holders != holders[place] { return "Node \(place) has holders that do not end below it." }
            if node.runningHolders != running[place] { return "Node \(place) miscounts its running holders." }
        }
        return nil
    }
}
