package import Freshet

/// What computes: the seam between the engine and llama.cpp, which a toy model can fill in a test.
///
/// A backend belongs to the engine's thread: it is made there, used there and freed there.
package protocol Backend: AnyObject {
    /// Tokens that one sequence may hold.
    var contextLength: Int { get }
    /// Tokens that all sequences together may hold; one that several share counts once.
    var capacity: Int { get }
    /// The sequences that are told apart, numbered from 0.
    var sequenceCount: Int { get }
    /// Whether a sequence can be cut at any token. A recurrent model's cannot: its state stands for all tokens at once.
    var isTrimmable: Bool { get }
    /// Whether tokens can be taken out of the middle of a sequence.
    var canShift: Bool { get }
    /// Tokens that one decode may take.
    var batchCapacity: Int { get }
    /// Tokens of one decode after which logits can be had; at least one for each sequence that runs.
    var outputCapacity: Int { get }
    /// Whether the last tokens of a sequence can be taken back, such that it goes on as if they had never been there.
    var canRetract: Bool { get }
    /// Computes a batch and puts its tokens into the memory of their sequences.
    ///
    /// - Parameter shouldInterrupt: asked many times meanwhile, on this thread; `true` breaks the computation off.
    /// - Returns: what memory looks like afterwards.
    /// - Throws: ``GenerationError`` when the computation failed; the sequences of the batch are then unusable.
    func decode(_ batch: Batch, shouldInterrupt: () -> Bool) throws(GenerationError) -> DecodeOutcome

    /// The logits after a token of the last batch that wanted them; `nil` when the model gives none. Valid until the
    /// next decode.
    func logits(at index: Int) -> UnsafeBufferPointer<Float>?

    /// The position after the last token that a sequence holds.
    func nextPosition(of sequence: Int32) -> Int

    /// Whether a sequence holds all that a token at `position`, its end, looks back at. A sliding window's memory may
    /// have given away what was out of sight of a longer sequence, and is missed when that is cut or shared in part.
    func canContinue(_ sequence: Int32, at position: Int) -> Bool

    /// Lets the sequence `to`, which is empty, hold the first `length` tokens of another too, without a copy; all of
    /// them where memory is not trimmable.
    func share(from: Int32, to: Int32, length: Int)

    /// Forgets what a sequence holds from `position` on; 0 where memory is not trimmable.
    func truncate(_ sequence: Int32, to position: Int)

    /// Takes the tokens of a range out of a sequence, and moves those after it down. No other sequence holds any of
    /// them.
    ///
    /// - Returns: false when that could not be done and the sequence is as before.
    func shift(_ sequence: Int32, removing range: Range<Int>) -> Bool

    /// The state of a part of a sequence, for ``load(_:range:into:)``; `nil` when this model's cannot be had.
    func save(_ sequence: Int32, range: Range<Int>) -> [UInt8]?

    /// Puts a state behind what a sequence holds.
    ///
    /// - Returns: false when it is none of this range and this kind of memory; the sequence is then as before.
    func load(_ state: [UInt8], range: Range<Int>, into sequence: Int32) -> Bool

    /// Makes a sampler for this model's vocabulary.
    func makeSampler(_ options: SamplingOptions) -> Sampler

    /// Makes a backend of another model, whose computations take turns with this one's: on the same threads, where it has
    /// any.
    ///
    /// - Throws: ``GenerationError`` as ``LlamaModel/makeBackend(_:slots:)``.
    func makeBackend(
        for model: LlamaModel, _ options: LlamaOptions, slots: Int
    ) throws(GenerationError) -> any Backend

    /// Every token that ends generation.
    var endOfGeneration: [Token] { get }

    /// Adds a token's bytes, which may be part of a character, to a buffer.
    ///
    /// - Parameter showingControl: whether a control token gives its name instead of nothing.
    func append(bytesOf token: Token, showingControl: Bool, to bytes: inout [UInt8])
}

extension Backend {
    package func makeBackend(
        for model: LlamaModel, _ options: LlamaOptions, slots: Int
    ) throws(GenerationError) -> any Backend {
        try model.makeBackend(options, slots: slots)
    }
}

/// How a decode went.
package enum DecodeOutcome: Sendable {
    /// All tokens are in memory, and the logits asked for can be read.
    case computed
    /// It was interrupted: memory holds some of the tokens; ask ``Backend/nextPosition(of:)``.
    case interrupted
    /// Memory has no room for the batch and is as before.
    case noRoom
}
