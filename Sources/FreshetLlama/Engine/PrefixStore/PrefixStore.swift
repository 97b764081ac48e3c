package import Freshet
internal import Glibc

/// Keeps the computed state of prompts in a folder, so that a prompt's beginning costs little after a restart too.
///
/// A prompt is cut into blocks of 64 tokens. A block's name is a hash of its model and of all tokens up to its end, so
/// a beginning that prompts share is stored once, and a longer prompt adds only what is new. A file is believed only
/// when its model, its tokens and its checksum are right; any other is removed.
///
/// The folder is bounded: before it grows beyond its limit, the blocks used longest ago are removed, whatever model
/// they belong to. Several processes may share it. It holds prompts in clear, for the user only.
///
/// Files are read and written by a thread of the store's own. Every call here is safe from any thread and returns at
/// once, but ``init(directory:limit:modelKey:loadLimit:saveLimit:now:onFailure:)``. Dropping the last reference ends
/// the thread, after what ``close()`` would finish.
package final class PrefixStore: Sendable {
    /// Tokens in a block. What a prompt has beyond its whole blocks is computed again, so they are short.
    package static let blockLength = 64

    private static let grace = Duration.seconds(5)

    private let modelKey: [UInt8]
    private let limit: Int
    private let queue: PrefixStoreQueue
    private let ended = ThreadEnd()

    /// Opens a folder, makes it where there is none, reads which blocks it holds, and starts the store's thread. Blocks
    /// for as long as that takes, some milliseconds for thousands of blocks: not for Swift's cooperative pool.
    ///
    /// - Parameters:
    ///   - directory: the folder's path; whose files are not named like ours stay as they are.
    ///   - limit: the most bytes that the blocks of all models may take; one that is being written comes on top.
    ///   - modelKey: all that a block's state depends on beside its tokens: the model's fingerprint, the types of keys
    ///     and values, the versions of llama.cpp and ggml. A block is found under the same key only.
    ///   - loadLimit: the most bytes of blocks that one order gives, but always one.
    ///   - saveLimit: the most bytes of blocks that may wait to be written.
    ///   - now: nanoseconds since 1970, which a test can hold in its hand.
    ///   - onFailure: is told, on the store's thread, in one sentence why a block could not be written; of failures
    ///     without a block written in between only the first.
    /// - Throws: ``GenerationError`` when the folder cannot be made, read or written.
    package init(
        directory: String, limit: Int, modelKey: String, loadLimit: Int = 32 << 20, saveLimit: Int = 256 << 20,
        now: @escaping @Sendable () -> Int = PrefixStore.systemTime,
        onFailure: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(GenerationError) {
        self.modelKey = Array(modelKey.utf8)
        self.limit = limit
        queue = PrefixStoreQueue(saveLimit: saveLimit, grace: Self.grace)
        let loop: PrefixStoreLoop
        do {
            loop = try PrefixStoreLoop(
                directory: directory, limit: limit, modelKey: self.modelKey, loadLimit: loadLimit, queue: queue,
                now: now, onFailure: onFailure)
        } catch {
            throw GenerationError(
                .invalidRequest, Self.sentence(directory, error), parameter: "cache_dir",
                cause: error.description)
        }
        // The thread does not hold the store, only what it works on.
        try DedicatedThread.start(named: "freshet-prefixes") { [ended] in
            loop.run()
            ended.signal()
        }
    }

    deinit { queue.close() }

    /// The system's time, in nanoseconds since 1970.
    package static let systemTime: @Sendable () -> Int = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    static func sentence(_ path: String, _ failure: PrefixFolderFailure) -> String {
        "The folder \(path) cannot keep prefixes: \(failure)."
    }

    /// How many tokens of a prompt's beginning are stored: a multiple of ``blockLength``. By an index in memory; a file
    /// may still turn out to be damaged.
    package func storedLength(of tokens: ArraySlice<Token>) -> Int {
        names(of: tokens).prefix { queue.isStored($0) }.count * Self.blockLength
    }

    /// Names for the blocks of a prompt that grows, for ``save(_:names:)``.
    package func makeNames() -> PrefixBlockNames { PrefixBlockNames(modelKey: modelKey) }

    /// The first block of a prompt that is neither stored nor waiting to be written: block i is the tokens from
    /// i · ``blockLength`` on. As many as the prompt has whole blocks, when nothing is missing.
    package func firstMissingBlock(of tokens: ArraySlice<Token>) -> Int { firstMissing(of: Array(names(of: tokens))) }

    /// The same, of blocks whose names are known.
    package func firstMissingBlock(of names: PrefixBlockNames) -> Int { firstMissing(of: names.all) }

    private func firstMissing(of names: [PrefixBlockName]) -> Int { queue.countOfStoredOrSaving(in: names) }

    /// Reads blocks.
    ///
    /// - Parameters:
    ///   - tokens: a prompt.
    ///   - range: which of its tokens; both bounds are multiples of ``blockLength``.
    ///   - completion: is called once, on the store's thread, with the blocks from the range's beginning on, up to the
    ///     first that is missing or damaged. There are fewer also where they would take more than an order gives
    ///     (order the rest after that), or when the store is closed meanwhile.
    /// - Returns: whether the order was taken. False when too many wait or the store is closed; `completion` is then
    ///   not called.
    package func load(
        _ tokens: [Token], range: Range<Int>, completion: @escaping @Sendable ([PrefixBlock]) -> Void
    ) -> Bool {
        // A caller that asks for anything else has a mistake in its own arithmetic.
        precondition(range.lowerBound >= 0 && range.upperBound <= tokens.count && Self.isAligned(range))
        return queue.add(PrefixStoreQueue.Load(tokens: tokens, range: range, completion: completion))
    }

    /// Says that a prompt was used again though nothing of it had to be read, so that its blocks count as used.
    package func use(_ tokens: [Token]) { queue.add(use: tokens) }

    /// Whether the folder can hold a prompt of so many tokens, when nothing else is in it.
    ///
    /// - Parameter payloadLength: the bytes of each block's state.
    package func hasRoom(for tokenCount: Int, payloadLength: Int) -> Bool {
        let count = tokenCount / Self.blockLength
        // The tokens of every block up to its end, and the last one's file as an example of the rest.
        let file = PrefixBlockFile(modelKey: modelKey, tokens: [], range: 0..<0)
        return count * (file.frontLength + payloadLength) + 4 * Self.blockLength * count * (count + 1) / 2 <= limit
    }

    /// Hands a block over to be written. The blocks of a prompt go in order: one whose predecessor is not stored by
    /// then is not written.
    ///
    /// - Parameter block: of ``blockLength`` tokens, which begin at a multiple of it.
    /// - Returns: whether the block was taken, or is there already. False when too many wait, it is too long for the
    ///   folder, or the store is closed; nothing is kept then.
    package func save(_ block: PrefixBlock) -> Bool {
        let names = makeNames()
        names.extend(over: block.tokens)
        return save(block, names: names)
    }

    /// The same, of a block whose name is the last of `names`, which are its prompt's.
    package func save(_ block: PrefixBlock, names: PrefixBlockNames) -> Bool {
        // A caller that saves anything else has a mistake in its own arithmetic.
        precondition(block.range.upperBound == block.tokens.count && block.range.count == Self.blockLength)
        precondition(Self.isAligned(block.range))
        let length = block.payload.count
        guard (1...min(limit, PrefixBlockFile.payloadLimit)).contains(length) else { return false }
        precondition(names.all.count * Self.blockLength == block.tokens.count)
        return queue.add(PrefixStoreQueue.Save(block: block, names: names.all))
    }

    /// Ends the store: orders to read that wait are answered with nothing, blocks that wait are still written, for five
    /// seconds at most. Returns when the thread has ended.
    package func close() async {
        queue.close()
        await ended.wait()
    }

    private func names(of tokens: ArraySlice<Token>) -> some Sequence<PrefixBlockName> {
        PrefixBlockNames.names(of: tokens, modelKey: modelKey)
    }

    private static func isAligned(_ range: Range<Int>) -> Bool {
        range.lowerBound.isMultiple(of: blockLength) && range.upperBound.isMultiple(of: blockLength)
    }
}
