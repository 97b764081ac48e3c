package import Freshet

/// Turns the body of a successful answer into chunks: a stream of events, or one whole reply where a server does not
/// stream.
package struct OpenAIAnswerReader: Sendable {
    /// The most bytes of a whole reply.
    package static let maxReplyLength = 16 << 20

    private enum Form: Sendable {
        case events(SSEDecoder, OpenAIChunkDecoder)
        case whole([UInt8])
    }

    private var form: Form
    private let origin: HTTPOrigin

    /// A reader for an answer of some type.
    ///
    /// - Parameters:
    ///   - choiceCount: how many choices were asked for.
    ///   - keepsRaw: whether the chunks of a stream carry the events' bytes.
    /// - Throws: ``GenerationError`` with code `badResponse` when it is neither events nor JSON: most often a page for
    ///   people, from an address that is not the provider's.
    package init(
        contentType: String?, origin: HTTPOrigin, choiceCount: Int = 1, keepsRaw: Bool = false
    ) throws(GenerationError) {
        self.origin = origin
        let type = contentType?.mediaType ?? ""
        switch type {
        case "text/event-stream":
            form = .events(SSEDecoder(), OpenAIChunkDecoder(keepsRaw: keepsRaw, choiceCount: choiceCount))
        case "application/json": form = .whole([])
        default:
            let printable = String(type.prefix(60).filter { $0.asciiValue.map { 0x20...0x7E ~= $0 } ?? false })
            let what = printable.isEmpty ? "something without a content type" : printable
            throw GenerationError(
                .badResponse, "\(origin) answered with \(what), not with a stream of events: check the base URL.")
        }
    }

    /// Takes the next bytes of the body.
    ///
    /// - Parameter write: gets each chunk that is complete, those before a failure included.
    /// - Throws: ``GenerationError``, what the decoders throw.
    package mutating func append(_ bytes: some Collection<UInt8>, write: (Chunk) -> Void) throws(GenerationError) {
        switch form {
        case .events(var lines, var chunks):
            // The form is empty meanwhile, so that the decoders' buffers are not copied.
            form = .whole([])
            defer { form = .events(lines, chunks) }
            var events: [SSEEvent] = []
            var failure: GenerationError?
            do throws(GenerationError) { try lines.append(bytes, to: &events) } catch { failure = error }
            for event in events { try chunks.decode(event.data).forEach(write) }
            if let failure, !chunks.isEnded { throw failure }
        case .whole(var body):
            form = .whole([])
            defer { form = .whole(body) }
            guard body.count + bytes.count <= Self.maxReplyLength else {
                throw GenerationError(
                    .badResponse, "The reply of \(origin) is longer than \(Self.maxReplyLength) bytes.")
            }
            body += bytes
        }
    }

    /// Takes the end of the body.
    ///
    /// - Throws: ``GenerationError``, with code `truncated` when the answer is not finished.
    package mutating func finish(write: (Chunk) -> Void) throws(GenerationError) {
        switch form {
        case .events(var lines, var chunks):
            if chunks.isEnded { return }
            if let last = try lines.finish() { try chunks.decode(last.data, isComplete: false).forEach(write) }
            try chunks.finish().forEach(write)
        case .whole(let body):
            try OpenAIReply.chunks(of: body).forEach(write)
        }
    }
}
