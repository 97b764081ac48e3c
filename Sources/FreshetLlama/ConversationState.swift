public import Freshet

extension LlamaProvider {
    /// Writes what memory holds of the beginning of a request's prompt to a file, so that the same model need not compute
    /// it again in another process: of a conversation that has just been answered, all of it, where the request has the
    /// tools and the template's variables of the one that was answered.
    ///
    /// The file holds the tokens in clear, for its user only, and about as many bytes as a context takes for them. What
    /// runs in the engine waits while the state is copied, some milliseconds for a hundred megabytes.
    ///
    /// - Parameters:
    ///   - request: what the next turn would ask; only what its prompt depends on counts.
    ///   - path: the file, which is written whole or not at all. One of that name is replaced.
    /// - Returns: how many tokens it holds; 0, and nothing is written, when memory holds nothing of the prompt.
    /// - Throws: ``GenerationError`` when the model's memory cannot be saved, the chat template refuses the prompt, the
    ///   file cannot be written, or the task was cancelled; what lay at the path is then as it was.
    public func saveState(of request: GenerationRequest, to path: String) async throws(GenerationError) -> Int {
        try checkSavable()
        try request.validate()
        let tokens = try await DedicatedThread.cancellableValue(
            named: "freshet-prompt", stackSize: ChatTemplates.stackSize
        ) { cancellation throws(GenerationError) in
            let tokens = try self.tokens(of: request)
            try cancellation.check("Saving")
            return tokens
        }
        guard let block = try await engine.state(of: tokens) else { return 0 }
        let key = stateKey
        try await DedicatedThread.cancellableValue(named: "freshet-state") { cancellation throws(GenerationError) in
            try SavedState.write(block, modelKey: key, to: path, cancellation)
        }
        return block.range.count
    }

    /// Puts a state from a file into memory, where prompts that begin with its text find it.
    ///
    /// - Returns: how many tokens it holds.
    /// - Throws: ``GenerationError`` when there is no such file, it is damaged, or was written by another model, another
    ///   version or with other types of keys and values, does not fit into the context, or the task was cancelled;
    ///   nothing has changed then.
    public func restoreState(from path: String) async throws(GenerationError) -> Int {
        try checkSavable()
        let key = stateKey
        let block = try await DedicatedThread.cancellableValue(named: "freshet-state") {
            cancellation throws(GenerationError) in
            let block = try SavedState.read(path, modelKey: key)
            try cancellation.check("Restoring")
            return block
        }
        guard block.range.count <= contextLength else {
            throw GenerationError(
                .promptTooLong,
                "The state \(path) has \(block.range.count) tokens, but the context holds \(contextLength).")
        }
        guard try await engine.restore(block) else {
            throw GenerationError(
                .invalidRequest, "The state \(path) is not of this model's memory, or there is no room for it.")
        }
        return block.range.count
    }

    private func checkSavable() throws(GenerationError) {
        guard !llama.isSavable else { return }
        throw GenerationError(
            .invalidRequest, "The state of this model cannot be saved: its memory is recurrent or a sliding window.")
    }
}

extension Cancellation {
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/cancelled`` once the task was cancelled.
    func check(_ work: String) throws(GenerationError) {
        if isRequested { throw GenerationError(.cancelled, "\(work) what was computed was stopped.") }
    }
}
