/// The server that a model is measured against.
struct RivalOptions {
    /// The server's address; `nil` is none.
    var baseURL: String?
    /// The model's name there; `nil` is the first side's.
    var name: String?
    /// The environment's variable that holds the key.
    var keyVariable: String?

    /// The options under their heading.
    static var group: OptionGroup<RivalOptions> {
        OptionGroup(
            title: "Comparison",
            options: [
                .text(
                    "--against", placeholder: "URL",
                    help: "an OpenAI-compatible server that gets the same work: its address, up to where /completions "
                        + "follows",
                    set: { values, text, _ in values.baseURL = text }),
                .text(
                    "--against-model", placeholder: "NAME",
                    help: "the model's name there; without it, that of this one",
                    set: { values, text, _ in values.name = text }),
                .text(
                    "--against-key-env", placeholder: "VARIABLE",
                    help: "the environment's variable that holds that server's key",
                    set: { values, text, _ in values.keyVariable = text }),
            ])
    }

    /// Where the server is, and what it is told to prove who asks.
    struct Rival {
        /// The address below which the routes lie.
        var baseURL: String
        /// The model's name there; `nil` is the first side's.
        var name: String?
        /// The key, where there is one. No key is taken that was not named: it may be another server's.
        var key: String?
    }

    /// The server that was chosen; `nil` for none.
    ///
    /// - Parameter environment: gives a variable's value, where it is set.
    /// - Throws: ``UsageError`` for options of a server without one, and for a variable that is not set.
    func rival(environment: (String) -> String?) throws(UsageError) -> Rival? {
        guard let baseURL else {
            for (option, value) in [("--against-model", name), ("--against-key-env", keyVariable)] where value != nil {
                throw UsageError(message: "\(option) is for a server to compare with: it needs --against URL.")
            }
            return nil
        }
        let key = keyVariable.flatMap(environment)
        if let keyVariable, key?.isEmpty ?? true {
            throw UsageError(message: "--against-key-env names \(keyVariable.quoted), which is not set.")
        }
        return Rival(baseURL: baseURL, name: name, key: key)
    }
}
