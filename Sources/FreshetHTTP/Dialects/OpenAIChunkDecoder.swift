package import Freshet

/// Reads the events of one OpenAI-compatible stream as chunks, in the protocol's order.
package struct OpenAIChunkDecoder: Sendable {
    /// Whether the stream has ended; what comes after is passed over.
    package private(set) var isEnded = false
    private let keepsRaw: Bool

    /// A decoder for one stream, of conversations or of plain completions.
    ///
    /// - Parameter keepsRaw: whether the chunks' metadata has the events' bytes.
    package init(keepsRaw: Bool = false) { self.keepsRaw = keepsRaw }

    /// Reads one event's data.
    ///
    /// - Parameter isComplete: whether the event came whole; one that did not and cannot be read is a cut.
    /// - Returns: its chunks: none, one or several.
    /// - Throws: ``GenerationError``: what the provider reports, ``GenerationError/Code/badResponse`` for what is no
    ///   such stream, ``GenerationError/Code/truncated`` for `[DONE]` before the finish of every choice.
    package mutating func decode(
        _ data: some Collection<UInt8>, isComplete: Bool = true
    ) throws(GenerationError) -> [Chunk] {
        throw GenerationError(.badResponse, "The event cannot be read.")
    }

    /// Says that no event will follow.
    ///
    /// - Returns: the end, unless it has come with `[DONE]`.
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/truncated`` where a choice has not finished.
    package mutating func finish() throws(GenerationError) -> [Chunk] {
        throw GenerationError(.truncated, "The stream stopped before its end.")
    }
}
