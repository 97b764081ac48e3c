internal import CLlama
internal import Freshet

/// A model's own way to write a conversation as one text, rendered by llama.cpp's Jinja engine.
///
/// There is no fallback: a model without a template, or with one that cannot be used, is an error that says so.
struct ChatTemplate {
    let model: LlamaModel

    /// The text of a conversation, ready for the assistant to go on.
    ///
    /// - Throws: ``GenerationError`` with code `invalidRequest` when the model has no template or it refuses.
    func render(_ messages: [Message]) throws(GenerationError) -> String {
        // One block of zero-ended texts, and the turns that point into it.
        var block: [CChar] = []
        var offsets: [(role: Int, content: Int)] = []
        for message in messages {
            guard !message.content.utf8.contains(0) else {
                throw .invalid("messages", "must not contain the character U+0000")
            }
            let role = block.count
            block += message.role.rawValue.utf8CString
            offsets.append((role, block.count))
            block += message.content.utf8CString
        }
        var failure = freshet_error()
        let text: String? = block.withUnsafeBufferPointer { texts in
            guard let start = texts.baseAddress else { return nil }
            let turns = offsets.map { freshet_message(role: start + $0.role, content: start + $0.content) }
            return turns.withUnsafeBufferPointer { turns in
                guard let first = turns.baseAddress else { return nil }
                var buffer = [CChar](repeating: 0, count: block.count + 4096)
                while true {
                    let length = freshet_chat_render(model.handle, first, turns.count, &buffer, buffer.count, &failure)
                    // SIZE_MAX is -1 in Swift's eyes.
                    if length < 0 { return nil }
                    if length <= buffer.count {
                        return String(decoding: buffer[..<length].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                    }
                    buffer = [CChar](repeating: 0, count: length)
                }
            }
        }
        guard let text else {
            throw GenerationError(failure, attempt: "The conversation cannot be rendered by the model's chat template")
        }
        return text
    }
}
