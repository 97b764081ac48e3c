internal import CLlama
internal import Freshet

/// Tells one answer's reasoning, text and calls to tools apart while it comes, by llama.cpp's parser for its template.
///
/// How the text is cut into pieces changes nothing in what they give together. A piece of a call is given as soon as it
/// is sure; nothing waits for the call's end.
///
/// It owns llama.cpp's parser and frees it. One answer has it, and uses it from one thread at a time.
final class ChatParser: AnswerReader {
    private let handle: OpaquePointer?
    private var identifiers: CallIdentifiers

    /// Takes a parser over; `nil` where there was no memory for one, which the first ``read(_:isEnd:)`` reports.
    init(_ handle: OpaquePointer?, seed: UInt64) {
        self.handle = handle
        identifiers = CallIdentifiers(seed: seed)
    }

    deinit { if let handle { freshet_parser_free(handle) } }

    func read(_ text: String, isEnd: Bool) throws(GenerationError) -> [Chunk.Content] {
        var failure = freshet_error()
        guard let handle else {
            throw GenerationError(.outOfMemory, "There is not enough memory to read the answer.")
        }
        var text = text
        let isRead = text.withUTF8 { bytes in
            let start = UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
            return freshet_parser_add(handle, start, bytes.count, isEnd, &failure)
        }
        guard isRead else {
            throw GenerationError(
                .engineFailed,
                "The answer cannot be told apart: \(GenerationError(failure, attempt: "it").cause ?? "").")
        }
        return (0..<freshet_parser_count(handle)).map { content(of: freshet_parser_piece(handle, $0)) }
    }

    private func content(of piece: freshet_piece) -> Chunk.Content {
        switch piece.kind {
        case FRESHET_PIECE_REASONING: return .reasoning(String(piece.text))
        case FRESHET_PIECE_CONTENT: return .text(String(piece.text))
        case FRESHET_PIECE_CALL:
            let id = String(piece.id)
            return .toolCall(
                ToolCallFragment(
                    index: piece.call, id: id.isEmpty ? identifiers.next() : id, name: String(piece.name)))
        default:
            return .toolCall(ToolCallFragment(index: piece.call, arguments: String(piece.text)))
        }
    }
}
