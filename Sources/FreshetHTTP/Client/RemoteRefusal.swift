internal import Foundation
internal import Freshet

extension GenerationError {
    /// What a server says that refuses a request, without the key.
    static func refusal(_ head: HTTPResponseHead, _ body: [UInt8], hiding key: String) -> GenerationError {
        var error = OpenAIErrorObject.error(status: head.status, fields: head.headers, body: body, now: Date())
        if error.code == .notFound {
            if !error.message.hasSuffix(".") { error.message += "." }
            error.message += " Check the base URL: it usually ends in /v1."
        }
        return error.hiding(key)
    }

    /// The same error without the key: some servers repeat a wrong one in their words.
    func hiding(_ key: String) -> GenerationError {
        guard !key.isEmpty else { return self }
        var error = self
        error.message = error.message.replacing(key, with: "…")
        error.cause = error.cause?.replacing(key, with: "…")
        error.parameter = error.parameter?.replacing(key, with: "…")
        return error
    }
}
