internal import CLlama
internal import Freshet

extension GenerationError {
    /// What a failed call of the C boundary says, in the words of the chunk protocol.
    ///
    /// - Parameter attempt: what was tried, to begin the sentence: "The model /a/b.gguf cannot be loaded".
    init(_ failure: freshet_error, attempt: String) {
        var failure = failure
        let reason = withUnsafeBytes(of: &failure.message) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        let code: Code =
            switch failure.code {
            case FRESHET_ERROR_INTERRUPTED: .cancelled
            case FRESHET_ERROR_UNSUPPORTED, FRESHET_ERROR_DAMAGED: .modelUnusable
            case FRESHET_ERROR_OUT_OF_MEMORY: .outOfMemory
            case FRESHET_ERROR_TEMPLATE, FRESHET_ERROR_EXHAUSTED: .invalidRequest
            default: .engineFailed
            }
        self.init(code, "\(attempt): \(reason).", cause: reason)
    }

    /// Runs a call that fills a `freshet_error` when it fails, which it says by answering `nil`.
    static func check<Result>(
        _ attempt: @autoclosure () -> String, _ call: (UnsafeMutablePointer<freshet_error>) -> Result?
    ) throws(GenerationError) -> Result {
        var failure = freshet_error()
        guard let result = call(&failure) else { throw GenerationError(failure, attempt: attempt()) }
        return result
    }
}
