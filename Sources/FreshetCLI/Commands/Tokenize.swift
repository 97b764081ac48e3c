import Freshet
import FreshetLlama

/// `freshet tokenize`: shows the tokens of a text.
enum Tokenize {
    /// What can be chosen.
    struct Values {
        var text: String?
        var file: String?
        var showsIDsOnly = false
        var showsCountOnly = false
        var addsSpecial = true
        var parsesSpecial = true
        var model = ModelOptions()
    }

    static var syntax: Syntax<Values> {
        Syntax(
            name: "tokenize", summary: "Show the tokens of a text", defaults: Values(),
            operand: Operand(
                placeholder: "TEXT", isRequired: false, help: "the text; without it, standard input is read to its end",
                path: \.text),
            groups: [
                OptionGroup(
                    title: "Options",
                    options: [
                        .text("-f", "--file", placeholder: "FILE", help: "read the text from a file") {
                            values, text, _ in
                            values.file = text
                        },
                        .flag("--ids", path: \.showsIDsOnly, help: "write only the ids, as a JSON list"),
                        .flag("--count", path: \.showsCountOnly, help: "write only the number of tokens"),
                        .flag(
                            "--no-bos", path: \.addsSpecial, sets: false,
                            help: "add no tokens around the text, where the model would"),
                        .flag(
                            "--no-parse-special", path: \.parsesSpecial, sets: false,
                            help: "read marks such as <|end|> as plain text"),
                    ]),
                OptionGroup(title: "Model", options: [ModelOptions.fileOption, ModelOptions.verboseOption])
                    .lifted(to: \.model),
            ],
            notes: [
                "Unlike in generate, a text that is read from a file or standard input is taken as it is, with its last line end."
            ])
    }

    static func run(_ values: Values, console: Console) async throws {
        if values.showsIDsOnly, values.showsCountOnly {
            throw UsageError(message: "--ids and --count ask for two different outputs; give one of them.")
        }
        let text = try text(values, console: console)
        let vocabulary = try await Composition.loadVocabulary(values.model, console: console)
        let tokens = try vocabulary.tokenize(
            text, addingSpecial: values.addsSpecial, parsingSpecial: values.parsesSpecial)
        if values.showsCountOnly {
            try console.output.write("\(tokens.count)\n")
        } else if values.showsIDsOnly {
            try console.output.write("[\(tokens.map(String.init).joined(separator: ", "))]\n")
        } else {
            let lines = tokens.map { token in
                let id = String(token)
                let margin = String(repeating: " ", count: max(0, 7 - id.count))
                return "\(margin)\(id)  \(piece(vocabulary.bytes(of: token, showingControl: true)))\n"
            }
            try console.output.write(lines.joined())
        }
    }

    private static func text(_ values: Values, console: Console) throws -> String {
        if let file = values.file {
            if let text = values.text {
                throw UsageError(message: "The text is given twice: as \(text.quoted) and with --file.")
            }
            return try Input.readText(file: file, signals: console.signals)
        }
        if let text = values.text, text != "-" { return text }
        guard !console.input.isTerminal else {
            throw UsageError(message: "There is no text: give one as an argument, with --file or on standard input.")
        }
        return try console.input.readText { console.note("Reading the text from standard input…") }
    }

    /// A token's bytes in quotes, on one line; bytes that are no whole character as `\xHH`.
    static func piece(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return "'\(text.printableLine)'" }
        let shown = bytes.map { byte in
            let hex = String(byte, radix: 16, uppercase: true)
            return byte >= 0x80 ? "\\x\(hex)" : String(Unicode.Scalar(byte)).printableLine
        }
        return "'\(shown.joined())'"
    }
}
