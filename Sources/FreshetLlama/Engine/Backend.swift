package import Freshet

/// What computes: the seam between the engine and llama.cpp, which a toy model can fill in a test.
///
/// A backend belongs to the engine's thread: it is made there, used there and freed there.
package protocol Backend: AnyObject {
    /// Tokens that the sequences together may hold.
    var contextLength: Int { get }
    /// Tokens that one decode may take.
    var batchCapacity: Int { get }
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

    /// Forgets what a sequence holds from `position` on.
    ///
    /// - Returns: false when the model cannot do that and the sequence is as before. Position 0 always works.
    func truncate(_ sequence: Int32, to position: Int) -> Bool

    /// Makes a sampler for this model's vocabulary.
    func makeSampler(_ options: SamplingOptions) -> Sampler

    /// Every token that ends generation.
    var endOfGeneration: [Token] { get }

    /// Adds a token's bytes, which may be part of a character, to a buffer.
    func append(bytesOf token: Token, to bytes: inout [UInt8])
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
