/// Something that turns texts into vectors, such that texts of a like meaning have vectors of a like direction.
///
/// A provider may be shared freely. One that also generates text is a ``Provider`` too.
///
/// ```swift
/// let vectors = try await provider.embed(EmbeddingRequest("a cow", "a calf", "a clock")).vectors
/// let similarity = zip(vectors[0], vectors[1]).reduce(0) { $0 + $1.0 * $1.1 }
/// ```
public protocol EmbeddingProvider: Sendable {
    /// The name under which the provider's vectors say they were made.
    var model: String { get }

    /// Computes a vector for each of the request's texts. Cancelling the task cancels the work.
    ///
    /// - Returns: the vectors, in the order of the texts.
    /// - Throws: ``GenerationError`` when the request is invalid, a text is too long, or the computation fails. There is
    ///   no partial result.
    func embed(_ request: EmbeddingRequest) async throws(GenerationError) -> Embeddings
}
