/// Why a request did not give a whole answer, in one shape for every provider.
///
/// ``message`` is a sentence that a person can act on. ``partial`` is what had been received when it happened.
public struct GenerationError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is. New kinds may come; compare with the constants.
    public struct Code: RawRepresentable, Sendable, Hashable {
        /// The code's stable name, as it stands in JSON.
        public let rawValue: String

        /// Makes a code from its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The request has a value that no model could serve.
        public static let invalidRequest = Code(rawValue: "invalid_request")
        /// The prompt does not fit into the context.
        public static let promptTooLong = Code(rawValue: "context_length_exceeded")
        /// There is no model of that name or at that path.
        public static let modelNotFound = Code(rawValue: "model_not_found")
        /// The model's file cannot be used: not a GGUF, damaged, or of an unknown kind.
        public static let modelUnusable = Code(rawValue: "model_unusable")
        /// There is not enough memory.
        public static let outOfMemory = Code(rawValue: "out_of_memory")
        /// The queue is full; trying again later may work.
        public static let overloaded = Code(rawValue: "overloaded")
        /// The request's deadline passed.
        public static let deadlineExceeded = Code(rawValue: "deadline_exceeded")
        /// The reader left, or the task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")
        /// The stream stopped before its end.
        public static let truncated = Code(rawValue: "truncated")
        /// The provider is shutting down.
        public static let shuttingDown = Code(rawValue: "shutting_down")
        /// The engine failed while computing.
        public static let engineFailed = Code(rawValue: "engine_failed")

        /// There is no key, or a wrong one.
        public static let unauthorized = Code(rawValue: "invalid_api_key")
        /// The key is right, but what was asked for is not for its holder.
        public static let forbidden = Code(rawValue: "forbidden")
        /// The provider takes no more from this client for a while.
        public static let rateLimited = Code(rawValue: "rate_limit_exceeded")
        /// The server has nothing at that address.
        public static let notFound = Code(rawValue: "not_found")
        /// The address is right, and the method is not.
        public static let methodNotAllowed = Code(rawValue: "method_not_allowed")
        /// The request is larger than the server takes.
        public static let requestTooLarge = Code(rawValue: "request_too_large")
        /// The request's body is not of a kind that the server reads.
        public static let unsupportedMediaType = Code(rawValue: "unsupported_media_type")
        /// There is no connection to the provider: its name, its address or its certificate is not what it should be.
        public static let unreachable = Code(rawValue: "unreachable")
        /// What came back is not what such a provider sends.
        public static let badResponse = Code(rawValue: "bad_response")
        /// The provider says that it failed.
        public static let providerFailed = Code(rawValue: "provider_failed")
    }

    /// The kind of failure.
    public var code: Code
    /// One sentence, without a trailing line end, that a person can act on.
    public var message: String
    /// The request's parameter that is to blame, by its wire name.
    public var parameter: String?
    /// What the layer below said, for a log.
    public var cause: String?
    /// When trying again may work.
    public var retryAfter: Duration?
    /// The reply so far, when the failure came in mid-stream.
    public var partial: Reply?

    /// Makes an error.
    public init(
        _ code: Code, _ message: String, parameter: String? = nil, cause: String? = nil, retryAfter: Duration? = nil,
        partial: Reply? = nil
    ) {
        self.code = code
        self.message = message
        self.parameter = parameter
        self.cause = cause
        self.retryAfter = retryAfter
        self.partial = partial
    }

    /// The message.
    public var description: String { message }
}

extension GenerationError {
    /// A request's value that is out of range.
    ///
    /// - Parameters:
    ///   - parameter: its wire name, for example `top_p`.
    ///   - complaint: what is wrong, to follow the name: "must be 0 or more".
    public static func invalid(_ parameter: String, _ complaint: String) -> GenerationError {
        GenerationError(.invalidRequest, "\(parameter) \(complaint).", parameter: parameter)
    }
}
