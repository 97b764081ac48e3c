package import Freshet

/// Which HTTP status says which ``GenerationError/Code``, and which words other servers have for it. There is no other
/// such table.
package enum ErrorStatus {
    /// The status with which a server answers when a request fails before its first chunk.
    package static func status(of code: GenerationError.Code) -> Int { statuses[code] ?? 500 }

    /// OpenAI's word for the kind of a failure.
    package static func type(of code: GenerationError.Code) -> String {
        let status = status(of: code)
        return (400..<500).contains(status) && code != .cancelled ? "invalid_request_error" : "server_error"
    }

    /// What a status says where nothing else does.
    package static func code(ofStatus status: Int) -> GenerationError.Code {
        switch status {
        case 401: .unauthorized
        case 402, 403: .forbidden
        case 404, 410: .notFound
        case 405: .methodNotAllowed
        case 408, 504: .deadlineExceeded
        case 413: .requestTooLarge
        case 415: .unsupportedMediaType
        case 429: .rateLimited
        case 499: .cancelled
        // 529 is Anthropic's.
        case 503, 529: .overloaded
        case 400..<500: .invalidRequest
        case 500..<600: .providerFailed
        default: .badResponse
        }
    }

    /// The error of a response that says nothing but its status.
    package static func error(ofStatus status: Int) -> GenerationError {
        let code = code(ofStatus: status)
        let reason =
            switch code {
            case .unauthorized: "it wants a key, or another one"
            case .forbidden: "the key is not good for this"
            case .notFound: "it has nothing at this address, so the base URL may be wrong"
            case .rateLimited: "it takes no more requests for a while"
            case .overloaded: "it is overloaded"
            case .deadlineExceeded: "it took too long"
            case .requestTooLarge: "the request is too large"
            default: "it does not say why"
            }
        return GenerationError(code, "The provider answered with status \(status): \(reason).")
    }

    /// What a provider's `code` or `type` says; `nil` for a word that says no more than the status.
    package static func code(named name: String) -> GenerationError.Code? {
        let code = GenerationError.Code(rawValue: name)
        return statuses[code] != nil ? code : foreign[name]
    }

    /// The status of every code.
    private static let statuses: [GenerationError.Code: Int] = [
        .invalidRequest: 400, .promptTooLong: 400, .unauthorized: 401, .forbidden: 403, .modelNotFound: 404,
        .notFound: 404, .methodNotAllowed: 405, .requestTooLarge: 413, .unsupportedMediaType: 415, .rateLimited: 429,
        .cancelled: 499, .engineFailed: 500, .outOfMemory: 500, .modelUnusable: 500, .providerFailed: 502,
        .badResponse: 502,
        .truncated: 502, .unreachable: 502, .overloaded: 503, .shuttingDown: 503, .deadlineExceeded: 504,
    ]

    /// The words of OpenAI, Anthropic and llama.cpp that say more than the status beside them.
    private static let foreign: [String: GenerationError.Code] = [
        "exceed_context_size_error": .promptTooLong, "authentication_error": .unauthorized,
        "permission_error": .forbidden, "billing_error": .forbidden, "not_found_error": .notFound,
        "rate_limit_error": .rateLimited, "insufficient_quota": .rateLimited, "overloaded_error": .overloaded,
        "unavailable_error": .overloaded, "timeout_error": .deadlineExceeded,
    ]
}
