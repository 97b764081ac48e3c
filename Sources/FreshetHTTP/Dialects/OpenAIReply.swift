package import Freshet

/// A whole reply ⇄ OpenAI's `chat.completion` and `text_completion`.
package enum OpenAIReply {
    /// Adds a reply's JSON.
    package static func append(_ reply: Reply, for endpoint: OpenAIEndpoint, to output: inout [UInt8]) {
        output.append(literal: "{}")
    }

    /// Reads a whole reply as the chunks of which it is the fold.
    ///
    /// - Throws: ``GenerationError``: what the provider reports, or ``GenerationError/Code/badResponse``.
    package static func chunks(
        of body: some Collection<UInt8>, keepsRaw: Bool = false
    ) throws(GenerationError) -> [Chunk] {
        throw GenerationError(.badResponse, "The reply cannot be read.")
    }
}
