/// The vectors of a request's texts.
public struct Embeddings: Sendable, Hashable {
    /// The name of the model that computed them.
    public var model: String
    /// A vector for each text, in the request's order, all of one length.
    public var vectors: [[Float]]
    /// What it cost; no tokens are generated.
    public var usage: Usage

    /// Makes a result.
    public init(model: String, vectors: [[Float]], usage: Usage) {
        self.model = model
        self.vectors = vectors
        self.usage = usage
    }
}

extension EmbeddingRequest {
    /// What the request wants of a model's vector: its first numbers, and scaled. A vector of zeros stays as it is.
    ///
    /// - Throws: ``GenerationError`` with code `engineFailed` when it holds what is no number.
    package func finished(_ vector: [Float]) throws(GenerationError) -> [Float] {
        let wanted = vector.prefix(dimensions ?? vector.count)
        let square = wanted.reduce(0.0) { $0 + Double($1) * Double($1) }
        guard square.isFinite else {
            throw GenerationError(.engineFailed, "The model's vector holds what is no number.")
        }
        guard isNormalized, square > 0 else { return Array(wanted) }
        let scale = 1 / square.squareRoot()
        return wanted.map { Float(Double($0) * scale) }
    }
}
