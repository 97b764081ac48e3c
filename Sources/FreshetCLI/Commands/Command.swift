/// One of the program's commands, its types of values forgotten.
struct Command {
    /// The name as typed.
    let name: String
    /// What it does, in one line.
    let summary: String
    /// The help page for a terminal of some width.
    let help: (Int) -> String
    /// Parses the arguments and does the work. Asked for help, it writes the help page.
    let run: ([String], Console) async throws -> Void

    /// Every command, in the order of the help.
    static var all: [Command] {
        [
            Command(Generate.syntax, run: Generate.run), Command(Chat.syntax, run: Chat.run),
            Command(Embed.syntax, run: Embed.run), Command(Serve.syntax, run: Serve.run),
            Command(Inspect.syntax, run: Inspect.run),
            Command(Tokenize.syntax, run: Tokenize.run), Command(Synth.syntax, run: Synth.run),
            Command(Bench.syntax, run: Bench.run), Command(Tune.syntax, run: Tune.run),
            Command(Verify.syntax, run: Verify.run),
        ]
    }

    private init<Values>(_ syntax: Syntax<Values>, run: @escaping (Values, Console) async throws -> Void) {
        name = syntax.name
        summary = syntax.summary
        help = syntax.help(width:)
        self.run = { arguments, console in
            guard let values = try syntax.parse(arguments) else {
                try console.output.write(syntax.help(width: console.helpWidth))
                return
            }
            try await run(values, console)
        }
    }

    /// The command of that name.
    ///
    /// - Throws: ``UsageError`` with the nearest name.
    static func named(_ name: String) throws(UsageError) -> Command {
        if let command = all.first(where: { $0.name == name }) { return command }
        if name.hasPrefix("-") {
            throw UsageError(message: "The command comes first, then its options; \(name) is no command.")
        }
        let hint = (all.map(\.name) + ["help"]).nearest(to: name).map { "; did you mean \($0)?" } ?? "."
        throw UsageError(message: "There is no command \(name.quoted)\(hint)")
    }
}

extension Console {
    /// The width of a help page: wide lines are hard to read.
    var helpWidth: Int { min(100, max(60, output.width)) }
}
