import Freshet
import FreshetHTTP

/// `freshet generate`: continues a prompt and writes the answer to standard output.
enum Generate {
    /// What can be chosen.
    struct Values {
        var prompt: String?
        var file: String?
        var system: String?
        var isChat = false
        var readsEscapes = false
        var format = OutputFormat.text
        var choiceCount = 1
        var showsStatistics = false
        var manifest: String?
        var model = ModelSource()
        var answer = AnswerOptions()
    }

    static var syntax: Syntax<Values> {
        Syntax(
            name: "generate", summary: "Continue a prompt with a model", defaults: Values(),
            operand: Operand(
                placeholder: "PROMPT", isRequired: false,
                help: "the text to continue; what comes on standard input is appended to it, and may stand alone",
                path: \.prompt),
            groups: [promptOptions, outputOptions] + ModelSource.groups.map { $0.lifted(to: \.model) }
                + AnswerOptions.groups.map { $0.lifted(to: \.answer) },
            notes: [
                "The answer goes to standard output, everything else to standard error. "
                    + "In a prompt that is read from a file or standard input, one line end at the very end is left out.",
                "Several answers are generated side by side and written one after the other: on a terminal each under a "
                    + "heading, elsewhere with a line between them that holds a form feed. The chunks of the other formats "
                    + "come as they are made, each with its answer's index.",
                "With --provider openai the answer comes from a server: without --chat from its /completions, which OpenAI's "
                    + "own newer models do not have, and with --chat from its /chat/completions.",
                "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted by Ctrl-C (what has come is kept), "
                    + "129 or 143 ended by a hang-up or SIGTERM, 141 when the reader of standard output went away.",
            ])
    }

    private static var promptOptions: OptionGroup<Values> {
        OptionGroup(
            title: "Prompt",
            options: [
                .text("-f", "--file", placeholder: "FILE", help: "read the prompt from a file") { values, text, _ in
                    values.file = text
                },
                .text("-p", "--prompt", placeholder: "PROMPT", help: "another way to give the prompt") {
                    values, text, _ in
                    values.prompt = text
                },
                .text(
                    "-sys", "--system-prompt", placeholder: "TEXT", help: "instructions for the model; implies --chat"
                ) { values, text, _ in
                    values.system = text
                    values.isChat = true
                },
                .flag(
                    "-cnv", "--chat", path: \.isChat, help: "ask the prompt as a question, in the model's chat template"
                ),
                .flag(
                    "-e", "--escape", path: \.readsEscapes,
                    help: #"read \n, \t, \\, \" and \xHH in prompts and stop texts"#),
            ])
    }

    private static var outputOptions: OptionGroup<Values> {
        OptionGroup(
            title: "Output",
            options: [
                .integer(
                    "--choices", in: 1...GenerationRequest.choiceLimit, path: \.choiceCount,
                    help: "how many answers to give to the prompt, which is computed once; each draws with its own seed"
                ),
                .choice("--format", path: \.format, help: "plain text, one chunk's JSON a line, or server-sent events"),
                .text(
                    "--manifest", placeholder: "FILE",
                    help:
                        "write the answer's tokens and all that they depend on to FILE, for “freshet verify”; implies "
                        + "--reproducible"
                ) { values, text, _ in
                    values.manifest = text
                    values.answer.isReproducible = true
                },
                .flag("--stats", path: \.showsStatistics, help: "tell speeds and tokens on standard error at the end"),
            ])
    }

    static func run(_ values: Values, console: Console) async throws {
        let prompt = try prompt(values, console: console)
        var answer = values.answer
        if values.readsEscapes { answer.stop = answer.stop.map(\.unescaped) }
        if !values.isChat, let file = answer.conversation.toolFile {
            throw UsageError(message: "--tools \(file.quoted) is for a conversation: it needs --chat.")
        }
        var request = answer.request(for: prompt, tools: try answer.conversation.tools(signals: console.signals))
        request.choiceCount = values.choiceCount
        if values.model.model.draftPath != nil { request.speculates = true }
        request.givesManifest = values.manifest != nil
        // Wrong values are told before a model is loaded for minutes.
        try request.validate()
        if values.format == .text, request.choiceCount > 1, request.shiftsContext, request.maxTokens == nil {
            throw UsageError(
                message: "With --context-shift an answer may go on for ever, and the next of several would never be "
                    + "written: give --n-predict too, or --format jsonl, which does not put them in order.")
        }
        if let file = values.manifest { try OutputFile.check(file) }
        var source = values.model
        source.model = source.model.answering(values.choiceCount)
        try await Composition.withModel(source, console: console) { model in
            try await printAnswer(to: request, values, model: model, console: console)
        }
    }

    /// Prints the answer to a request, and what it cost where that is asked for.
    private static func printAnswer(
        to request: GenerationRequest, _ values: Values, model: Composition.Model, console: Console
    ) async throws {
        var request = request
        // A bar is drawn from the progress chunks; they are no part of the answer.
        request.reportsProgress = model.reportsProgress && console.errors.isTerminal
        let stream = try await console.signals.stream(request, from: model.provider)
        var printer = AnswerPrinter(
            format: values.format, choiceCount: values.choiceCount, tabulates: request.logProbabilities != nil,
            console: console)
        let (reply, failure) = try await console.signals.stopping(with: stream.cancel) {
            try await printer.print(stream)
        }
        if values.showsStatistics {
            if let loading = model.loading { console.note("loaded in \(Statistics.seconds(loading))") }
            for line in Statistics(reply)?.lines ?? [Statistics.lineOfPart(of: reply)] { console.note(line) }
        }
        if let failure { throw failure }
        guard let file = values.manifest else { return }
        guard let manifest = reply.metadata["manifest"] else {
            throw Exit.failed(
                "There is no manifest to write: the answer is not complete, or its server does not know of manifests.")
        }
        try OutputFile.write(manifest.text + "\n", to: file)
    }

    /// The prompt, from wherever it was given.
    private static func prompt(_ values: Values, console: Console) throws -> Prompt {
        var pieces: [String] = []
        let argument = values.prompt == "-" ? nil : values.prompt
        if let file = values.file {
            if let argument {
                throw UsageError(message: "The prompt is given twice: as \(argument.quoted) and with --file.")
            }
            pieces.append(try Input.readText(file: file, signals: console.signals).withoutFinalLineEnd)
        }
        if let argument { pieces.append(argument) }
        if !console.input.isTerminal {
            let text = try console.input.readText { console.note("Reading the prompt from standard input…") }
            if !text.isEmpty { pieces.append(text.withoutFinalLineEnd) }
        }
        guard !pieces.isEmpty else {
            throw UsageError(message: "There is no prompt: give one as an argument, with --file or on standard input.")
        }
        if values.readsEscapes { pieces = pieces.map(\.unescaped) }
        let text = pieces.joined(separator: pieces[0].last?.isWhitespace ?? true ? "" : "\n")
        guard values.isChat else { return .text(text) }
        var messages = [Message(role: .user, content: text)]
        if let system = values.system {
            messages.insert(Message(role: .system, content: values.readsEscapes ? system.unescaped : system), at: 0)
        }
        return .messages(messages)
    }
}
