import Freshet

/// The work of the store's thread: it alone reads, writes and removes files once the folder is open.
final class PrefixStoreLoop: @unchecked Sendable {
    // Sendable: made before its thread, and used by that alone.

    /// Uses of a block closer together than this are one: a time of use needs no write for each token of a long prompt.
    private static let useResolution = 60 * 1_000_000_000

    private let limit: Int
    private let loadLimit: Int
    private let modelKey: [UInt8]
    private let queue: PrefixStoreQueue
    private let now: @Sendable () -> Int
    private let onFailure: @Sendable (String) -> Void
    private var folder: PrefixFolder
    private var index = PrefixIndex()
    private var isFailing = false

    /// Opens the folder and reads which blocks are there. Blocks.
    init(
        directory: String, limit: Int, modelKey: [UInt8], loadLimit: Int, queue: PrefixStoreQueue,
        now: @escaping @Sendable () -> Int, onFailure: @escaping @Sendable (String) -> Void
    ) throws(PrefixFolderFailure) {
        (self.limit, self.modelKey, self.loadLimit) = (limit, modelKey, loadLimit)
        (self.queue, self.now, self.onFailure) = (queue, now, onFailure)
        folder = try PrefixFolder(path: directory)
        try alone {}
    }

    /// Works until the queue ends.
    func run() {
        // The limit may be lower than the last time.
        attempt { () throws(PrefixFolderFailure) in
            try alone { () throws(PrefixFolderFailure) in _ = try makeRoom(for: 0, sparing: []) }
        }
        while let order = queue.next() {
            switch order {
            case .load(let load): self.load(load)
            case .use(let tokens): use(names(of: tokens[...]).prefix { index[$0] != nil })
            case .save(let save):
                attempt { () throws(PrefixFolderFailure) in try self.save(save) }
                queue.finish(save)
            }
        }
    }

    private func names(of tokens: ArraySlice<Token>) -> some Sequence<PrefixBlockName> {
        PrefixBlockNames.names(of: tokens, modelKey: modelKey)
    }

    /// Runs `body` while no other store adds blocks, and with an index that knows what others have added: always so the
    /// first time that a folder is open.
    private func alone(_ body: () throws(PrefixFolderFailure) -> Void) throws(PrefixFolderFailure) {
        try folder.exclusively { hasChanged throws(PrefixFolderFailure) in
            if hasChanged {
                index = try folder.scan()
                queue.replaceStored(by: Set(index.entries.keys))
            }
            try body()
        }
    }

    private func forget(_ name: PrefixBlockName) {
        index[name] = nil
        queue.removeStored(name)
    }

    /// Does something that changes the folder; opens it anew, once, when it was removed. Of failures without a block
    /// written in between only the first is told.
    private func attempt(_ change: () throws(PrefixFolderFailure) -> Void) {
        do {
            do {
                try change()
            } catch let failure where failure.isGone {
                folder = try PrefixFolder(path: folder.path)
                try alone {}
                try change()
            }
        } catch {
            if !isFailing { onFailure(PrefixStore.sentence(folder.path, error)) }
            isFailing = true
        }
    }

    // MARK: - Reading

    private func load(_ order: PrefixStoreQueue.Load) {
        var blocks: [PrefixBlock] = []
        var byteCount = 0
        var chain: [PrefixBlockName] = []
        for name in names(of: order.tokens[..<order.range.upperBound]) {
            guard !queue.isClosed, let entry = index[name] else { break }
            let end = (name.index + 1) * PrefixStore.blockLength
            if end > order.range.lowerBound {
                guard blocks.isEmpty || byteCount + entry.byteCount <= loadLimit,
                    let block = read(name, of: order.tokens[..<end])
                else { break }
                blocks.append(block)
                byteCount += entry.byteCount
            }
            chain.append(name)
        }
        if !blocks.isEmpty { use(chain) }
        order.completion(blocks)
    }

    private func read(_ name: PrefixBlockName, of tokens: ArraySlice<Token>) -> PrefixBlock? {
        let file = blockFile(tokens)
        switch folder.read(name, as: file) {
        case .payload(let payload): return PrefixBlock(tokens: tokens, range: file.range, payload: payload)
        case .missing, .damaged: forget(name)
        case .unavailable: break
        }
        return nil
    }

    private func blockFile(_ tokens: ArraySlice<Token>) -> PrefixBlockFile {
        PrefixBlockFile(
            modelKey: modelKey, tokens: tokens, range: tokens.count - PrefixStore.blockLength..<tokens.count)
    }

    /// Writes down that a prompt's first blocks were used, the first first: no block is ever older than one that
    /// depends on it.
    private func use(_ chain: some BidirectionalCollection<PrefixBlockName>) {
        let time = now()
        guard let last = chain.last, let entry = index[last], entry.lastUse <= time - Self.useResolution else { return }
        for name in chain {
            guard let entry = index[name], entry.lastUse < time, folder.use(name, at: time) else { continue }
            index[name]?.lastUse = time
        }
    }

    // MARK: - Writing

    private func save(_ order: PrefixStoreQueue.Save) throws(PrefixFolderFailure) {
        let (block, name, chain) = (order.block, order.name, order.names.dropLast())
        // Without the blocks before it a block is of no use; one of those was not written, or has been removed.
        guard index[name] == nil, chain.allSatisfy({ index[$0] != nil }) else { return }
        use(chain)
        let file = blockFile(block.tokens)
        let byteCount = file.frontLength + block.payload.count
        // A prompt too long for the folder keeps its beginning.
        guard chain.reduce(byteCount, { $0 + (index[$1]?.byteCount ?? 0) }) <= limit else { return }
        let part = try folder.makePart()
        try part.append(file.front(of: block.payload), shouldStop: { queue.isOver })
        try part.append(block.payload, shouldStop: { queue.isOver })
        try part.flush()
        try alone { () throws(PrefixFolderFailure) in
            guard index[name] == nil, chain.allSatisfy({ index[$0] != nil }) else { return }
            guard try makeRoom(for: byteCount, sparing: Set(chain)) else { return }
            // Never newer than what it depends on.
            let lastUse = chain.last.flatMap { index[$0]?.lastUse } ?? now()
            try part.becomeBlock(named: name, lastUse: lastUse)
            index[name] = PrefixIndex.Entry(byteCount: byteCount, lastUse: lastUse)
            queue.insertStored(name)
            isFailing = false
        }
    }

    /// Removes blocks until there is room for a file.
    ///
    /// - Returns: whether there is.
    private func makeRoom(
        for byteCount: Int, sparing spared: Set<PrefixBlockName>
    ) throws(PrefixFolderFailure) -> Bool {
        while index.byteCount + byteCount > limit {
            let victims = index.victims(freeing: index.byteCount + byteCount - limit, sparing: spared)
            guard !victims.isEmpty else { return false }
            for name in victims {
                if let lastUse = folder.lastUse(of: name), let entry = index[name], lastUse > entry.lastUse {
                    // Another process has used it.
                    index[name]?.lastUse = lastUse
                    continue
                }
                try folder.remove(name)
                forget(name)
            }
        }
        return true
    }
}
