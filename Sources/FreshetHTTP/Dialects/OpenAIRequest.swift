package import Freshet

/// A request as OpenAI's dialect carries it: the body of `POST /v1/chat/completions` and `/v1/completions`, both ways.
///
/// What is read is every field of OpenAI's and of llama.cpp's server that has a place in a ``GenerationRequest``, and
/// our own `deadline_ms`, `idle_timeout_ms`, `context_shift` and `weight`. ``GenerationRequest/client`` is OpenAI's
/// `safety_identifier` or `user`. A field that asks for something that cannot be done is refused; any other unknown
/// field is passed over, and so is `null`. What is written leaves out every value that is Freshet's default: a Freshet
/// server has the same, and a provider that refuses unknown fields sees only those that were set.
package struct OpenAIRequest: Sendable, Hashable {
    /// What to generate.
    package var generation: GenerationRequest
    /// The model asked for; `nil` leaves the choice to the server.
    package var model: String?
    /// Whether the answer comes as a stream of chunks.
    package var streams: Bool
    /// Whether the usage stands at the end of the stream.
    package var includesUsage: Bool
    /// Where the body that was read has the answer's schema, where providers call it otherwise:
    /// `response_format.json_schema.schema`.
    package var schemaField: String?

    /// Makes a request that has usage at the end of its stream.
    package init(
        _ generation: GenerationRequest, model: String? = nil, streams: Bool = true, includesUsage: Bool = true
    ) {
        self.generation = generation
        self.model = model
        self.streams = streams
        self.includesUsage = includesUsage
    }

    /// A provider's error about the request, with the name that its field has in the body.
    package func naming(_ error: GenerationError) -> GenerationError {
        let field = generation.responseFormat.field
        guard let schemaField, error.parameter == field else { return error }
        var error = error
        error.parameter = schemaField
        if error.message.hasPrefix(field) { error.message = schemaField + error.message.dropFirst(field.count) }
        return error
    }

    /// Where the request is sent: conversations and plain prompts have different addresses.
    package var endpoint: OpenAIEndpoint {
        if case .messages = generation.prompt { .chatCompletions } else { .completions }
    }
}
