/// When things happened to one request, in seconds from the beginning of its workload.
package struct Timeline: Codable, Sendable, Hashable {
    /// What the request was in its workload: `stream 1`, `intruder`.
    package var label: String
    /// When it was sent.
    package var start: Double
    /// When each piece of text came, in order. A piece is a token where nothing else is known: a token that is a part
    /// of a character comes with the rest of it.
    package var pieces: [Double]
    /// When its stream was over, or its reader left; `nil` while it runs.
    package var end: Double?
    /// Tokens of the prompt, by the provider's count; `nil` where it does not say, or the answer is not whole.
    package var promptTokens: Int?
    /// Tokens of the prompt that the provider had in memory.
    package var cachedTokens: Int?
    /// Tokens of the answer.
    package var answerTokens: Int?

    /// A request that was just sent.
    package init(label: String, start: Double, pieces: [Double] = [], end: Double? = nil) {
        self.label = label
        self.start = start
        self.pieces = pieces
        self.end = end
    }

    /// Seconds from the request to the first piece of text; `nil` when none came.
    package var firstPiece: Double? { pieces.first.map { $0 - start } }

    /// Seconds from the request to the end of its answer; `nil` while it runs.
    package var total: Double? { end.map { $0 - start } }

    /// Seconds between each piece and the next.
    package var gaps: [Double] { zip(pieces.dropFirst(), pieces).map { $0 - $1 } }

    /// The gaps of which a part lies within a span of time.
    package func gaps(touching span: ClosedRange<Double>) -> [Double] {
        zip(pieces, pieces.dropFirst()).filter { $0 < span.upperBound && $1 > span.lowerBound }.map { $1 - $0 }
    }
}
