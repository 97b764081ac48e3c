/// Where `generate` and `chat` get their answers: from a model on this machine, or from one that a server has.
struct ModelSource {
    /// The kinds of source.
    enum Kind: String, CaseIterable {
        /// llama.cpp on this machine.
        case local
        /// A server that speaks OpenAI's dialect.
        case openai
    }

    /// A model behind a server.
    struct Remote {
        /// The address below which the routes lie.
        var baseURL: String
        /// The model's name there.
        var name: String
        /// The key, where there is one.
        var key: String?
    }

    /// The kind that was chosen.
    var kind = Kind.local
    /// The server's address; `nil` is OpenAI's own.
    var baseURL: String?
    /// The environment's variable that holds the key; `nil` is ``defaultKeyVariable``, which may be missing.
    var keyVariable: String?
    /// The model's file, or its name at the server, and how it is loaded.
    var model = ModelOptions()

    /// OpenAI's own address.
    static let defaultBaseURL = "https://api.openai.com/v1"
    /// The variable in which other programs look for such a key too.
    static let defaultKeyVariable = "OPENAI_API_KEY"

    /// The options under their headings.
    static var groups: [OptionGroup<ModelSource>] {
        var local = ModelOptions.localGroup.lifted(to: \ModelSource.model)
        local.options[0].placeholder = "FILE|NAME"
        local.options[0].help += "; with --provider openai, the model's name there"
        return [
            OptionGroup(
                title: "Provider",
                options: [
                    .choice(
                        "--provider", path: \.kind,
                        help: "a model on this machine, or one at an OpenAI-compatible server"),
                    .text(
                        "--base-url", placeholder: "URL",
                        help: "that server's address, up to where /chat/completions follows",
                        current: { $0.baseURL ?? defaultBaseURL }, set: { values, text, _ in values.baseURL = text }),
                    .text(
                        "--api-key-env", placeholder: "VARIABLE", help: "the environment's variable that holds its key",
                        current: { $0.keyVariable ?? defaultKeyVariable },
                        set: { values, text, _ in values.keyVariable = text }),
                ]),
            local,
        ]
    }

    /// The same without a model that guesses, for commands which compute nothing that could be guessed.
    static var groupsWithoutDraft: [OptionGroup<ModelSource>] {
        groups.map { group in
            var group = group
            group.options.removeAll { $0.names.contains("--draft") }
            return group
        }
    }

    /// The model behind a server that was chosen; `nil` for one on this machine.
    ///
    /// - Parameter environment: gives a variable's value, where it is set.
    /// - Throws: ``UsageError`` when an option belongs to the other kind, or one is missing.
    func remote(environment: (String) -> String?) throws(UsageError) -> Remote? {
        guard kind == .openai else {
            for (name, value) in [("--base-url", baseURL), ("--api-key-env", keyVariable)] where value != nil {
                throw UsageError(message: "\(name) is for a server: it needs --provider openai.")
            }
            return nil
        }
        if let option = model.firstLocalOption {
            throw UsageError(message: "\(option) is for a model on this machine, and --provider openai asks a server.")
        }
        guard let name = model.path else {
            throw UsageError(message: "--provider openai needs the model's name: --model NAME.")
        }
        let key = environment(keyVariable ?? Self.defaultKeyVariable)
        if let keyVariable, key?.isEmpty ?? true {
            throw UsageError(message: "--api-key-env names \(keyVariable.quoted), which is not set.")
        }
        // Servers at home need none.
        return Remote(baseURL: baseURL ?? Self.defaultBaseURL, name: name, key: key.flatMap { $0.isEmpty ? nil : $0 })
    }
}

extension ModelOptions {
    /// The name of an option that was given and has no meaning for a model behind a server.
    fileprivate var firstLocalOption: String? {
        let defaults = ModelOptions()
        return (Self.localGroup.options + [Self.poolingOption]).first { $0.current(self) != $0.current(defaults) }?
            .names.last
    }
}
