import Freshet
import Glibc

/// A running chat. It lives in one task.
final class ChatSession {
    private let model: Composition.Model
    private let console: Console
    private let lines: LineReader
    private let initial: AnswerOptions
    private var options: AnswerOptions
    private var showsStatistics: Bool
    private var conversation: Conversation
    private var tools: [Tool]
    private var statistics: Statistics?
    private var hasFailed = false

    /// A chat in which nothing has been said.
    init(_ values: Chat.Values, tools: [Tool], model: Composition.Model, console: Console) {
        self.tools = tools
        self.model = model
        self.console = console
        lines = LineReader(console: console)
        (initial, options) = (values.answer, values.answer)
        showsStatistics = values.showsStatistics
        conversation = Conversation(system: values.system)
    }

    /// Talks until the person leaves.
    ///
    /// - Throws: ``Exit`` when the input or output fails, a signal ends the program, or, at the end of lines that no
    ///   person typed, when one of them failed.
    func run() async throws {
        if lines.isInteractive {
            console.signals.spareProgram()
            console.note("Talking with \(model.provider.model). /help shows the commands, Ctrl-D ends.")
        }
        while true {
            switch try lines.readTurn() {
            case .end:
                if lines.isInteractive { console.note("") }
                return try end()
            case .interrupted: continue
            case .line(let text):
                do {
                    let line = try ChatLine(text)
                    if line == .quit { return try end() }
                    try await obey(line)
                } catch let error as UsageError {
                    fail(error.message)
                }
            }
        }
    }

    private func end() throws {
        if hasFailed, !lines.isInteractive { throw Exit(status: 1, message: nil) }
    }

    private func fail(_ message: String) {
        hasFailed = true
        console.complain(message)
    }

    private func obey(_ line: ChatLine) async throws {
        switch line {
        case .empty, .quit: break
        case .message(let text):
            if let call = conversation.openCall {
                conversation.answer(call, with: text)
            } else {
                conversation.ask(text)
            }
            if !askForResult() { try await answer() }
        case .help: note(ChatLine.usages.flatMap { $0.lines(width: console.helpWidth) })
        case .system(let text): changeSystem(to: text)
        case .reset:
            conversation.reset()
            console.note("The conversation is forgotten.")
        case .regenerate:
            let before = conversation
            guard conversation.takeBackAnswer() else { return fail("There is no answer to give anew.") }
            try await answer()
            // No new answer came: the old one stands.
            if conversation.turns.count < before.turns.count { conversation = before }
        case .save(let path): try await save(to: path)
        case .load(let path): try await load(from: path)
        case .settings: showSettings()
        case .set(let name, let value): try set(name, to: value)
        case .statistics:
            guard let statistics else { return console.note("No answer has come to its end yet.") }
            note(statistics.lines)
            let used = statistics.usage.totalTokens
            console.note("context: \(used)\(model.contextLength.map { " of \($0)" } ?? "") tokens")
        }
    }

    private func note(_ lines: [String]) { console.note(lines.joined(separator: "\n")) }

    /// What the model is asked next.
    private var request: GenerationRequest {
        options.request(for: .messages(conversation.messages), tools: tools)
    }

    /// Lets the model answer the last question.
    private func answer() async throws {
        var request = request
        request.reportsProgress = model.reportsProgress && console.errors.isTerminal
        var printer = AnswerPrinter(
            format: .text, tabulates: request.logProbabilities != nil, console: console)
        do {
            let stream = try await console.signals.stream(request, from: model.provider)
            let (reply, failure) = try await console.signals.stopping(with: stream.cancel) {
                try await printer.print(stream)
            }
            keep(reply)
            if let failure { throw failure }
            statistics = Statistics(reply)
            if showsStatistics { note(statistics?.lines ?? []) }
            _ = askForResult()
        } catch let exit as Exit where exit == .interrupted(by: SIGINT) && lines.isInteractive {
            // Nobody read the answer, so that none of it is known to have been seen.
            conversation.takeBackQuestion()
        } catch let error as GenerationError {
            conversation.takeBackQuestion()
            if error.code == .cancelled, console.signals.received != nil { return try settleSignal() }
            fail(error.code == .promptTooLong ? error.message + " /reset begins anew." : error.message)
        }
    }

    /// Keeps what has come of an answer, though it may have been stopped. A call that was is none.
    private func keep(_ reply: Reply) {
        guard let choice = reply.choices.first, !choice.text.isEmpty || choice.finish != nil else { return }
        var turn = Message(choice)
        if choice.finish?.reason != .toolCalls { turn.toolCalls = [] }
        conversation.answer(turn)
    }

    /// Asks for the result of a call that has none yet.
    ///
    /// - Returns: whether there is one.
    private func askForResult() -> Bool {
        guard let call = conversation.openCall else { return false }
        console.note("The next line is what \(call.name.printable) gives.")
        return true
    }

    private func changeSystem(to text: String?) {
        guard let text else {
            return console.note(
                conversation.system.map { "The system prompt is: \($0)" } ?? "There is no system prompt.")
        }
        conversation.system = text.isEmpty ? nil : text
        console.note(text.isEmpty ? "The system prompt is removed." : "The system prompt is set.")
    }

    private func save(to path: String) async throws {
        do {
            try OutputFile.write(conversation.json(), to: path)
        } catch {
            return fail(error.message ?? "Nothing was saved.")
        }
        let state = await model.states?.save(
            conversation.turns.isEmpty ? nil : request, beside: path, signals: console.signals)
        console.note("Saved \(conversation.turns.count.counted("turn")) to “\(path)”\(state?.sentenceEnd ?? ".")")
        try settleSignal()
    }

    private func load(from path: String) async throws {
        do {
            let text = try Input.readText(file: path, signals: console.signals)
            conversation = try Conversation(json: text, from: "“\(path)”")
        } catch {
            try settleSignal()
            return fail(error.message ?? "Nothing was loaded.")
        }
        let state = await model.states?.restore(beside: path, signals: console.signals)
        console.note("Loaded \(conversation.turns.count.counted("turn")) from “\(path)”\(state?.sentenceEnd ?? ".")")
        try settleSignal()
        guard !askForResult(), conversation.awaitsAnswer else { return }
        console.note("The last of them has no answer yet:")
        try await answer()
    }

    /// Forgets an interrupt that has stopped what was being done.
    ///
    /// - Throws: ``Exit`` where a signal came that ends the program.
    private func settleSignal() throws(Exit) {
        guard let signal = console.signals.received else { return }
        guard lines.isInteractive, signal == SIGINT else { throw .interrupted(by: signal) }
        console.signals.clearInterrupt()
    }

    private var settings: [Option<AnswerOptions>] { AnswerOptions.groups.flatMap(\.options) }

    private func showSettings() {
        for option in settings {
            guard let value = option.current(options) else { continue }
            console.note(
                HelpLine(term: option.settingName, text: value).lines(width: console.helpWidth).joined(separator: "\n"))
        }
    }

    private func set(_ name: String, to value: String) throws(UsageError) {
        if name == "defaults" {
            options = initial
            return console.note("The options are as they were at the start.")
        }
        let plain = String(name.drop { $0 == "-" }.map { $0 == "_" ? "-" : $0 })
        guard let option = settings.first(where: { $0.names.contains("--\(plain)") || $0.names.contains("-\(plain)") })
        else {
            let hint = settings.flatMap(\.names).map { String($0.drop { $0 == "-" }) }.nearest(to: plain)
            throw UsageError(
                message: "There is no option \(name.quoted)"
                    + (hint.map { "; did you mean \($0)?" } ?? "; /set shows them.")
            )
        }
        let isForm = AnswerOptions.formatOptions.contains { $0.names == option.names }
        guard !value.isEmpty else {
            throw UsageError(
                message: "/set \(plain) needs a value: /set \(plain) \(option.placeholder ?? "on|off")."
                    + (isForm ? " /set \(plain) \"\" lets answers be any text." : ""))
        }
        if isForm, value == "\"\"" {
            options.responseFormat = .text
            return console.note("Answers may be any text.")
        }
        var changed = options
        try option.apply(&changed, value.unescaped, plain)
        if changed.conversation.toolFile != options.conversation.toolFile {
            do {
                tools = try changed.conversation.tools(signals: console.signals)
            } catch {
                return fail(error.message ?? "There are no such tools.")
            }
        }
        options = changed
        console.note("\(option.settingName) is \(option.current(options) ?? value).")
    }
}

extension Option {
    /// The name without dashes, as `/set` shows it.
    fileprivate var settingName: String { String((names.last ?? "").drop { $0 == "-" }) }
}
