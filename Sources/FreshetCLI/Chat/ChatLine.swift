/// One line that a person types in the chat: something to say, or a command that begins with a slash.
enum ChatLine: Equatable {
    /// Nothing but spaces.
    case empty
    /// Something to say to the model.
    case message(String)
    /// `/help`
    case help
    /// `/system`, with a new text or to show the present one; an empty text removes it.
    case system(String?)
    /// `/reset`
    case reset
    /// `/regen`
    case regenerate
    /// `/save FILE`
    case save(String)
    /// `/load FILE`
    case load(String)
    /// `/set` alone
    case settings
    /// `/set NAME VALUE`
    case set(name: String, value: String)
    /// `/stats`
    case statistics
    /// `/quit`
    case quit

    /// Reads a line. A message that begins with a slash is written with two; a file's name may stand in quotation marks,
    /// and begin with `~/`.
    ///
    /// - Throws: ``UsageError`` for a command that is unknown or has the wrong arguments.
    init(_ line: String) throws(UsageError) {
        let text = line.trimmed
        guard text.hasPrefix("/"), !text.hasPrefix("//") else {
            self = text.isEmpty ? .empty : .message(text.hasPrefix("//") ? String(text.dropFirst()) : text)
            return
        }
        let name = String(text.prefix { !$0.isWhitespace })
        let rest = String(text.dropFirst(name.count)).trimmed
        switch name {
        case "/system": self = .system(rest.isEmpty ? nil : rest == "\"\"" ? "" : rest)
        case "/save": self = .save(try Self.file(rest, of: name))
        case "/load": self = .load(try Self.file(rest, of: name))
        case "/set" where rest.isEmpty: self = .settings
        case "/set":
            let option = String(rest.prefix { !$0.isWhitespace && $0 != "=" })
            let value = String(rest.dropFirst(option.count)).trimmed
            self = .set(name: option, value: value.hasPrefix("=") ? String(value.dropFirst()).trimmed : value)
        case "/help", "/reset", "/regen", "/stats", "/quit", "/exit":
            guard rest.isEmpty else { throw UsageError(message: "\(name) stands alone, but \(rest.quoted) follows.") }
            self = Self.alone[name] ?? .quit
        default:
            let hint = Self.usages.map(\.term).filter { $0.hasPrefix("/") }
                .map { String($0.prefix { $0 != " " }) }.nearest(to: name)
            throw UsageError(
                message: "There is no command \(name)" + (hint.map { "; did you mean \($0)?" } ?? "; /help shows them.")
            )
        }
    }

    private static func file(_ rest: String, of name: String) throws(UsageError) -> String {
        guard !rest.isEmpty else { throw UsageError(message: "\(name) needs a file: \(name) FILE.") }
        let isQuoted = rest.count > 2 && ["\"", "'"].contains(rest.first) && rest.last == rest.first
        let path = isQuoted ? String(rest.dropFirst().dropLast()) : rest
        guard path.hasPrefix("~/"), let home = Composition.environment("HOME"), !home.isEmpty else { return path }
        return home + path.dropFirst()
    }

    private static let alone: [String: ChatLine] = [
        "/help": .help, "/reset": .reset, "/regen": .regenerate, "/stats": .statistics,
    ]

    /// The commands, for `/help`.
    static let usages = [
        HelpLine(term: "/help", text: "show this list"),
        HelpLine(term: "/system [TEXT]", text: #"set the system prompt, or show it; "" removes it"#),
        HelpLine(term: "/reset", text: "forget the conversation, but not the system prompt"),
        HelpLine(term: "/regen", text: "give the last answer anew"),
        HelpLine(term: "/save FILE", text: "write the conversation as JSON, and what was computed of it to FILE.state"),
        HelpLine(term: "/load FILE", text: "go on with a saved conversation, computed as far as FILE.state has it"),
        HelpLine(term: "/set [NAME VALUE]", text: "change an option of the answer, or show all; /set defaults undoes"),
        HelpLine(term: "/stats", text: "show what the last answer cost"),
        HelpLine(term: "/quit", text: "end; so does Ctrl-D"),
        HelpLine(term: #"… \"#, text: "a line that ends in a backslash goes on in the next"),
        HelpLine(term: "Ctrl-C", text: "stop the answer, or clear the line"),
    ]
}
