import Glibc

/// Who may ask `freshet serve`.
struct ServerAccess {
    /// Keys from the command line.
    var apiKeys: [String] = []
    /// A file with a key on each line.
    var keyFile: String?
    /// Whether no key is asked for, wherever the server listens.
    var isOpen = false
    /// The origins whose pages may read answers in a browser; `*` is every one.
    var corsOrigins: [String] = []

    /// The environment's variable with keys, which, unlike the command line, other users of the machine cannot read.
    static let keyVariable = "FRESHET_API_KEY"

    /// The options, with llama-server's names.
    static var group: OptionGroup<ServerAccess> {
        OptionGroup(
            title: "Access",
            options: [
                .text(
                    "--api-key", placeholder: "KEY,…",
                    help: "the keys of which a client must have one; better kept in a file or in \(keyVariable), since "
                        + "other users can see a command line",
                    set: { (values: inout ServerAccess, text: String, name: String) throws(UsageError) in
                        // The text is not repeated: it holds keys.
                        let keys = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                        guard !keys.contains("") else { throw UsageError(message: "\(name) needs a key.") }
                        values.apiKeys += keys
                    }),
                .text("--api-key-file", placeholder: "FILE", help: "a file with a key on each line; # begins a comment")
                {
                    values, text, _ in
                    values.keyFile = text
                },
                .flag(
                    "--no-auth", path: \.isOpen, help: "ask for no key, also where other machines can reach the server"),
                .text(
                    "--cors-origins", placeholder: "ORIGIN,…",
                    help: "let pages of these origins read answers in a browser, as https://example.org; * is every "
                        + "origin; without it, none",
                    set: { (values: inout ServerAccess, text: String, name: String) throws(UsageError) in
                        values.corsOrigins = try [String](list: text, of: "origins", for: name)
                    }),
            ])
    }

    /// Every key, from wherever it was given. `--no-auth` leaves the environment's aside.
    ///
    /// - Throws: ``Exit`` when the file cannot be read, ``UsageError`` when `--no-auth` contradicts a key.
    func keys(signals: Signals) throws -> [String] {
        var keys = apiKeys
        if let keyFile {
            let lines = try Input.readText(file: keyFile, signals: signals).split(whereSeparator: \.isNewline)
            let found = lines.map { String($0).trimmed }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
            guard !found.isEmpty else { throw Exit.failed("The file \(keyFile.quoted) holds no key.") }
            keys += found
        }
        if isOpen {
            guard keys.isEmpty else {
                throw UsageError(message: "--no-auth asks for no key, but --api-key or --api-key-file gives one.")
            }
            return []
        }
        if let text = getenv(Self.keyVariable) {
            keys += String(cString: text).split(separator: ",").map(String.init)
        }
        return keys
    }

    /// Checks that a server which others can reach asks for a key.
    ///
    /// - Throws: ``UsageError``.
    func check(_ address: ServerAddress, hasKeys: Bool) throws(UsageError) {
        guard !address.isLoopback, !hasKeys, !isOpen else { return }
        throw UsageError(
            message: "At \(address.host.quoted) other machines can reach the server: give it a key, with --api-key, "
                + "--api-key-file or \(Self.keyVariable), or say --no-auth.")
    }
}
