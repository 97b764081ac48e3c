public import Freshet

extension LlamaProvider {
    /// Writes what memory holds of a prompt's beginning to a file, so that the same model need not compute it again in
    /// another process: of a conversation that has just been answered, all of it.
    ///
    /// The file holds the tokens in clear, for its user only, and about as many bytes as a context takes for them. What
    /// runs in the engine waits while the state is copied, some milliseconds for a hundred megabytes.
    ///
    /// - Parameter path: the file, which is written whole or not at all. One of that name is replaced.
    /// - Returns: how many tokens it holds; 0, and nothing is written, when memory holds nothing of the prompt.
    /// - Throws: ``GenerationError`` when the model's memory cannot be saved, the chat template refuses the prompt, or
    ///   the file cannot be written.
    public func saveState(of prompt: Prompt, to path: String) async throws(GenerationError) -> Int {
        try checkSavable()
        let tokens = try await DedicatedThread.value(named: "freshet-prompt") { () throws(GenerationError) in
            try self.tokens(of: prompt)
        }
        guard let block = try await engine.state(of: tokens) else { return 0 }
        let key = stateKey
        try await DedicatedThread.value(named: "freshet-state") { () throws(GenerationError) in
            try SavedState.write(block, modelKey: key, to: path)
        }
        return block.range.count
    }

    /// Puts a state from a file into memory, where prompts that begin with its text find it.
    ///
    /// - Returns: how many tokens it holds.
    /// - Throws: ``GenerationError`` when there is no such file, it is damaged, or was written by another model, another
    ///   version or with other types of keys and values, or does not fit into the context; nothing has changed then.
    public func restoreState(from path: String) async throws(GenerationError) -> Int {
        try checkSavable()
        let key = stateKey
        let block = try await DedicatedThread.value(named: "freshet-state") { () throws(GenerationError) in
            try SavedState.read(path, modelKey: key)
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
