import Freshet

/// What the store's thread and everybody else share: the orders that wait, and which blocks there are.
final class PrefixStoreQueue: @unchecked Sendable {
    // Sendable: every stored variable is read and written under `monitor` only.

    /// Something for the store's thread to do.
    enum Order {
        /// Read blocks, and answer.
        case load(Load)
        /// Write down that a prompt was used.
        case use([Token])
        /// Write a block.
        case save(Save)
    }

    /// A block to write.
    struct Save {
        var block: PrefixBlock
        /// The names of its prompt's blocks up to it; at least its own.
        var names: [PrefixBlockName]

        var name: PrefixBlockName { names[names.count - 1] }
    }

    /// Blocks to read.
    struct Load {
        var tokens: [Token]
        var range: Range<Int>
        var completion: @Sendable ([PrefixBlock]) -> Void
    }

    /// The most tokens of prompts whose blocks wait to be read; one order may always.
    private static let loadLimit = 16 << 20
    private static let useLimit = 16

    private let monitor = Monitor()
    private let saveLimit: Int
    private let grace: Duration
    private var loads: [Load] = []
    private var uses: [[Token]] = []
    private var saves: [Save] = []
    /// The blocks in `saves`, and the one that is being written.
    private var saving: Set<PrefixBlockName> = []
    private var savingByteCount = 0
    private var stored: Set<PrefixBlockName> = []
    private var end: ContinuousClock.Instant?

    /// A queue with nothing in it.
    ///
    /// - Parameters:
    ///   - saveLimit: bytes of blocks that may wait to be written; one block may always.
    ///   - grace: for how long blocks are still written once the store is closed.
    init(saveLimit: Int, grace: Duration) { (self.saveLimit, self.grace) = (saveLimit, grace) }

    /// Whether a block is there.
    func isStored(_ name: PrefixBlockName) -> Bool { monitor.withLock { stored.contains(name) } }

    /// How many blocks from the first on are there, or wait to be.
    func countOfStoredOrSaving(in names: [PrefixBlockName]) -> Int {
        monitor.withLock { names.prefix { stored.contains($0) || saving.contains($0) }.count }
    }

    /// Whether the store is to end; what waits to be written may still be.
    var isClosed: Bool { monitor.withLock { end != nil } }

    /// Whether the time for that is over.
    var isOver: Bool { monitor.withLock { end.map { $0 <= .now } ?? false } }

    /// Adds an order to read. False when too many wait, or the store is closed.
    func add(_ load: Load) -> Bool {
        monitor.withLock {
            let waiting = loads.reduce(load.tokens.count) { $0 + $1.tokens.count }
            guard end == nil, loads.isEmpty || waiting <= Self.loadLimit else { return false }
            loads.append(load)
            monitor.signal()
            return true
        }
    }

    /// Adds a use of a prompt, where few enough wait.
    func add(use tokens: [Token]) {
        monitor.withLock {
            guard end == nil, uses.count < Self.useLimit else { return }
            uses.append(tokens)
            monitor.signal()
        }
    }

    /// Adds a block to write; nothing when it is there already. False when too many wait, or the store is closed.
    func add(_ save: Save) -> Bool {
        monitor.withLock {
            guard end == nil else { return false }
            guard !stored.contains(save.name), !saving.contains(save.name) else { return true }
            guard savingByteCount == 0 || savingByteCount + save.byteCount <= saveLimit else { return false }
            saves.append(save)
            saving.insert(save.name)
            savingByteCount += save.byteCount
            monitor.signal()
            return true
        }
    }

    /// Ends the store as soon as what waits is done.
    func close() {
        monitor.withLock {
            if end == nil { end = .now + grace }
            monitor.signal()
        }
    }

    /// Waits for the next order: somebody waits for what is read, so that goes first. `nil` when there will be no more.
    func next() -> Order? {
        monitor.withLock {
            while loads.isEmpty, uses.isEmpty, saves.isEmpty, end == nil { monitor.wait() }
            if !loads.isEmpty { return .load(loads.removeFirst()) }
            if !uses.isEmpty { return .use(uses.removeFirst()) }
            guard !saves.isEmpty, end.map({ $0 > .now }) ?? true else { return nil }
            return .save(saves.removeFirst())
        }
    }

    /// Says that a block was written, or given up.
    func finish(_ save: Save) {
        monitor.withLock {
            saving.remove(save.name)
            savingByteCount -= save.byteCount
        }
    }

    /// Says which blocks there are.
    func replaceStored(by names: Set<PrefixBlockName>) { monitor.withLock { stored = names } }

    /// Says that a block is there.
    func insertStored(_ name: PrefixBlockName) { _ = monitor.withLock { stored.insert(name) } }

    /// Says that a block is gone.
    func removeStored(_ name: PrefixBlockName) { _ = monitor.withLock { stored.remove(name) } }
}

extension PrefixStoreQueue.Save {
    /// The memory that it keeps, at least.
    fileprivate var byteCount: Int { block.payload.count + 4 * block.tokens.count }
}
