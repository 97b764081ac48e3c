package import Freshet

/// A request for vectors as OpenAI's dialect carries it: the body of `POST /v1/embeddings`, both ways.
///
/// What is read is every field of OpenAI's, our own `deadline_ms`, and llama-server's `embd_normalize`, of which -1 asks
/// for the vectors as they are and 2 for length 1. Any other unknown field is passed over, and so is `null`.
package struct OpenAIEmbeddingRequest: Sendable, Hashable {
    /// How a vector's numbers stand in the reply.
    package enum Encoding: String, Sendable, Hashable, CaseIterable {
        /// A list of numbers.
        case float
        /// The base64 form of 32-bit floats, their lowest byte first.
        case base64
    }

    /// The path below the base address.
    package static let path = "/embeddings"

    /// What to embed.
    package var embedding: EmbeddingRequest
    /// The model asked for; `nil` leaves the choice to the server.
    package var model: String?
    /// How the reply is to be written.
    package var encoding: Encoding

    /// Makes a request.
    package init(_ embedding: EmbeddingRequest, model: String? = nil, encoding: Encoding = .float) {
        self.embedding = embedding
        self.model = model
        self.encoding = encoding
    }

    /// Reads a request's body. That a value is in its range, the provider checks.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest``, which names the field as OpenAI
    ///   does.
    package init(body: some Collection<UInt8>) throws(GenerationError) {
        let body = try JSONField(object: body, of: "The request's body")
        guard let input = body["input"] else { throw .invalid("input", "is required") }
        var embedding = EmbeddingRequest(inputs: try Self.inputs(input))
        embedding.dimensions = try body["dimensions"]?.integer()
        if let field = body["embd_normalize"] { embedding.isNormalized = try Self.isNormalized(field) }
        if let field = body["deadline_ms"] { embedding.deadline = try field.milliseconds() }
        if let field = body["safety_identifier"] ?? body["user"] { embedding.client = try OpenAIRequest.user(field) }
        var encoding = Encoding.float
        if let field = body["encoding_format"] {
            guard let known = Encoding(rawValue: try field.string()) else {
                throw field.complaint("must be float or base64")
            }
            encoding = known
        }
        self.init(embedding, model: try body["model"]?.string(), encoding: encoding)
    }

    /// A text, a list of texts, a text's token ids, or a list of such lists.
    private static func inputs(_ field: JSONField) throws(GenerationError) -> [EmbeddingRequest.Input] {
        guard case .array(let items) = field.value else {
            guard case .string(let text) = field.value else {
                throw field.mismatch("a string, a list of strings, or lists of token ids")
            }
            return [.text(text)]
        }
        switch items.first {
        case .string, .array: return try field.items().map { item throws(GenerationError) in try input(item) }
        case nil: throw field.complaint("must not be empty")
        default: return [.tokens(try OpenAIRequest.tokens(field))]
        }
    }

    private static func input(_ field: JSONField) throws(GenerationError) -> EmbeddingRequest.Input {
        if case .string(let text) = field.value { return .text(text) }
        return .tokens(try OpenAIRequest.tokens(field))
    }

    private static func isNormalized(_ field: JSONField) throws(GenerationError) -> Bool {
        switch try field.integer() as Int {
        case -1: return false
        case 2: return true
        default: throw field.complaint("must be 2, for vectors of length 1, or -1, for vectors as they are")
        }
    }

    /// Adds the request's body. The deadline is kept on this side.
    package func append(to output: inout [UInt8]) {
        output.append(literal: "{")
        if let model { output.append(member: "model") { $0.append(json: model) } }
        output.append(member: "input") { Self.append(embedding.inputs, to: &$0) }
        if let dimensions = embedding.dimensions { output.append(member: "dimensions") { $0.append(json: dimensions) } }
        if !embedding.isNormalized { output.append(member: "embd_normalize") { $0.append(json: -1) } }
        if !embedding.client.isEmpty { output.append(member: "user") { $0.append(json: embedding.client) } }
        output.append(member: "encoding_format") { $0.append(json: encoding.rawValue) }
        output.append(literal: "}")
    }

    private static func append(_ inputs: [EmbeddingRequest.Input], to output: inout [UInt8]) {
        // Some servers take a text, and not a list of one.
        if inputs.count == 1 { return append(inputs[0], to: &output) }
        output.appendList(inputs) { append($1, to: &$0) }
    }

    private static func append(_ input: EmbeddingRequest.Input, to output: inout [UInt8]) {
        switch input {
        case .text(let text): output.append(json: text)
        case .tokens(let tokens): output.appendList(tokens) { $0.append(json: Int($1)) }
        }
    }
}
