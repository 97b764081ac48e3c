import Freshet

/// `freshet chat`: a conversation, line by line.
enum Chat {
    /// What can be chosen.
    struct Values {
        var system: String?
        var showsStatistics = false
        var model = ModelSource()
        var answer = AnswerOptions()
    }

    static var syntax: Syntax<Values> {
        Syntax(
            name: "chat", summary: "Talk with a model", defaults: Values(), operand: nil,
            groups: [
                OptionGroup(
                    title: "Conversation",
                    options: [
                        .text("-sys", "--system-prompt", placeholder: "TEXT", help: "instructions for the model") {
                            values, text, _ in values.system = text
                        },
                        .flag("--stats", path: \.showsStatistics, help: "tell speeds and tokens after each answer"),
                    ])
            ] + ModelSource.groups.map { $0.lifted(to: \.model) }
                + AnswerOptions.groups.map { $0.lifted(to: \.answer) },
            notes: [
                "Answers go to standard output, everything else to standard error. When standard input is no terminal, "
                    + "each of its lines is a turn. In the chat, /help shows what else can be done.",
                "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted by Ctrl-C while loading.",
            ])
    }

    static func run(_ values: Values, console: Console) async throws {
        let tools = try values.answer.conversation.tools(signals: console.signals)
        // Wrong values are told before a model is loaded for minutes.
        try values.answer.request(for: .messages([Message(role: .user, content: "")]), tools: tools).validate()
        var values = values
        if values.model.model.draftPath != nil { values.answer.speculates = true }
        try await Composition.withModel(values.model, console: console) { [values] model in
            try await ChatSession(values, tools: tools, model: model, console: console).run()
        }
    }
}
