/// Something that turns a request into a stream of chunks: the local engine, or a server at the other end of a wire.
///
/// A provider may be shared freely. Everything that is wrong with a request before its first chunk is thrown by
/// ``stream(_:)``; everything after, by the stream.
public protocol Provider: Sendable {
    /// The name under which the provider's chunks say they were made.
    var model: String { get }

    /// Starts to answer a request.
    ///
    /// - Returns: the answer's chunks as they are made. Dropping the stream, or its iterator, cancels the work.
    /// - Throws: ``GenerationError`` when the request cannot be started.
    func stream(_ request: GenerationRequest) async throws(GenerationError) -> ChunkStream
}

extension Provider {
    /// Answers a request in one piece: the fold of its stream.
    ///
    /// - Throws: ``GenerationError``, with the reply so far where one had begun.
    public func reply(to request: GenerationRequest) async throws(GenerationError) -> Reply {
        try await stream(request).collect()
    }
}
