internal import Freshet

/// A failure as a whole response: OpenAI's error object under the status that belongs to it.
enum ErrorResponse {
    /// The response for a request that failed before its first chunk.
    ///
    /// - Parameter status: the status, where the error's own is not precise enough.
    static func make(_ error: GenerationError, status: Int? = nil) -> HTTPResponse {
        var body: [UInt8] = []
        OpenAIErrorObject.append(error, to: &body)
        var response = HTTPResponse.json(body, status: status ?? ErrorStatus.status(of: error.code))
        if let wait = error.retryAfter { response.fields[RetryAfter.name] = RetryAfter.value(wait) }
        if error.code == .unauthorized { response.fields["WWW-Authenticate"] = "Bearer" }
        return response
    }

    /// What a client is told of a failure: a request whose client is still there can only have been cancelled by the
    /// server's end.
    static func toldOf(_ error: GenerationError) -> GenerationError {
        guard error.code == .cancelled else { return error }
        return GenerationError(.shuttingDown, "The server is shutting down.", partial: error.partial)
    }
}
