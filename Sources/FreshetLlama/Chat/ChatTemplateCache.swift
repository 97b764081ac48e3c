internal import Freshet

/// A model's chat templates, parsed when they are first wanted, or what is wrong with them.
///
/// Usable from any thread.
final class ChatTemplateCache: @unchecked Sendable {
    // Sendable: `result` is touched only under the monitor.
    private let monitor = Monitor()
    private var result: Result<ChatTemplates, GenerationError>?

    /// The templates; blocks while they are parsed, the first time. Two threads that ask for them at once may both
    /// parse them.
    ///
    /// - Throws: ``GenerationError`` that says why they cannot be used.
    func templates(of model: LlamaModel) throws(GenerationError) -> ChatTemplates {
        if let result = monitor.withLock({ result }) { return try result.get() }
        let made = Result { () throws(GenerationError) in try ChatTemplates(model: model) }
        monitor.withLock { result = made }
        return try made.get()
    }
}
