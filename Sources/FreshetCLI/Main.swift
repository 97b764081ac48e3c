import Freshet
import Glibc

/// The program `freshet`.
@main
enum Main {
    /// The version, as `--version` tells it.
    static let version = FreshetVersion.current

    static func main() {
        Console.fillClosedStreams()
        let signals = Signals()
        signals.watch()
        let console = Console(signals: signals)
        Foreground().run { signals.end(await status(console)) }
    }

    /// Runs the command that the arguments name, tells what went wrong, and answers the exit status.
    private static func status(_ console: Console) async -> Int32 {
        var command: String?
        do {
            let arguments = try arguments()
            command = arguments.first
            try await run(arguments, console: console)
            return 0
        } catch {
            let exit = Exit(error, signal: console.signals.received)
            if let message = exit.message { console.complain(message) }
            if error is UsageError {
                let page = Command.all.contains { $0.name == command } ? " \(command ?? "")" : ""
                console.note("Try “freshet\(page) --help”.")
            }
            return exit.status
        }
    }

    private static func run(_ arguments: [String], console: Console) async throws {
        switch arguments.first {
        case nil:
            try? console.errors.write(help(width: console.helpWidth))
            throw Exit(status: 2, message: nil)
        case "-h", "--help":
            try console.output.write(help(width: console.helpWidth))
        case "help":
            guard arguments.count <= 2 else { throw UsageError(message: "help takes one COMMAND.") }
            let page = arguments.count == 1 ? help : try Command.named(arguments[1]).help
            try console.output.write(page(console.helpWidth))
        case "--version":
            try console.output.write("freshet \(version)\n")
        case let name?:
            try await Command.named(name).run(Array(arguments.dropFirst()), console)
        }
    }

    /// The arguments after the program's name.
    ///
    /// - Throws: ``UsageError`` for one that is not UTF-8: Swift's own list would hold a repaired one.
    private static func arguments() throws(UsageError) -> [String] {
        var arguments: [String] = []
        for place in 1..<max(1, Int(CommandLine.argc)) {
            guard let bytes = CommandLine.unsafeArgv[place] else { break }
            guard let argument = String(validatingCString: bytes) else {
                throw UsageError(message: "Argument \(place) is not UTF-8 text.")
            }
            arguments.append(argument)
        }
        return arguments
    }

    private static func help(width: Int) -> String {
        var lines = [
            "Freshet streams text from language models on this machine.", "", "Usage: freshet COMMAND [OPTION]…", "",
        ]
        lines.append("Commands:")
        for command in Command.all {
            lines += HelpLine(term: command.name, text: command.summary).lines(width: width)
        }
        lines += HelpLine(term: "help COMMAND", text: "Show a command's options").lines(width: width)
        lines += ["", "Options:"]
        lines += HelpLine(term: "-h, --help", text: "Show this page, or a command's").lines(width: width)
        lines += HelpLine(term: "    --version", text: "Show the version").lines(width: width)
        return lines.joined(separator: "\n") + "\n"
    }
}
