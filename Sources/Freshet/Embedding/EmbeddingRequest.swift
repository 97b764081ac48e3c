/// One request for the vectors of some texts, the same for every provider.
///
/// A request is a value. A provider validates it once, on arrival, with ``validate()``.
public struct EmbeddingRequest: Sendable, Hashable {
    /// A text to embed.
    public enum Input: Sendable, Hashable {
        /// Plain text; what the model wants around it is added. It must not be empty.
        case text(String)
        /// Token ids, taken as they are: nothing is added. There must be one at least.
        case tokens([Token])
    }

    /// The texts. One that is longer than the model takes is refused, and never cut.
    public var inputs: [Input]
    /// How many numbers each vector is to have; `nil` gives all that the model has. Fewer are the first ones, of a
    /// vector that has length 1 again where ``isNormalized`` is on: of use only with a model that was trained for it
    /// (Kusupati and others, "Matryoshka Representation Learning", 2022).
    public var dimensions: Int?
    /// Whether the vectors are scaled to length 1, by the square root of the sum of squares.
    public var isNormalized: Bool
    /// The longest that the whole request may take, from the moment it is submitted. One that takes longer fails with
    /// ``GenerationError/Code/deadlineExceeded``.
    public var deadline: Duration?
    /// On whose behalf the request is made: clients take turns in the local engine. A remote provider is told it, as OpenAI's
    /// `user`.
    public var client: String

    /// Makes a request.
    public init(
        inputs: [Input], dimensions: Int? = nil, isNormalized: Bool = true, deadline: Duration? = nil,
        client: String = ""
    ) {
        self.inputs = inputs
        self.dimensions = dimensions
        self.isNormalized = isNormalized
        self.deadline = deadline
        self.client = client
    }

    /// Makes a request for texts.
    public init(_ texts: String...) { self.init(inputs: texts.map { .text($0) }) }

    /// The most texts of one request, which is OpenAI's limit too.
    public static let inputLimit = 2048

    /// Checks every value that can be checked without a model.
    ///
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/invalidRequest``, naming the parameter.
    public func validate() throws(GenerationError) {
        guard (1...Self.inputLimit).contains(inputs.count) else {
            throw .invalid("input", "must hold from 1 to \(Self.inputLimit) texts, but holds \(inputs.count)")
        }
        for (place, input) in inputs.enumerated() where input.isEmpty {
            throw .invalid(Self.name(of: place, in: inputs.count), "must not be empty")
        }
        if let dimensions, dimensions < 1 {
            throw .invalid("dimensions", "must be 1 or more, but is \(dimensions)")
        }
        if let deadline, deadline <= .zero {
            throw .invalid("deadline_ms", "must be more than 0")
        }
        guard client.utf8.count <= GenerationRequest.clientLimit else {
            throw .invalid(
                "user", "may have at most \(GenerationRequest.clientLimit) UTF-8 bytes, but has \(client.utf8.count)")
        }
    }

    /// A text's name in an error: `input`, or `input[3]` of several.
    package static func name(of place: Int, in count: Int) -> String { count == 1 ? "input" : "input[\(place)]" }
}

extension EmbeddingRequest.Input {
    /// Whether there is nothing to embed.
    fileprivate var isEmpty: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .tokens(let tokens): tokens.isEmpty
        }
    }
}
