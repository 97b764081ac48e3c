import Freshet
import FreshetHTTP

/// What `generate` and `chat` let a person choose about a conversation beyond its text: tools, and the model's thoughts.
struct ConversationOptions {
    /// A file with the tools that the model may call; `nil` when there are none.
    var toolFile: String?
    /// Whether, and what, it must call.
    var toolChoice = ToolChoice.auto
    /// Whether several calls may come in one answer.
    var callsInParallel = true
    /// Whether the model is to think; `auto` leaves that to its template.
    var thinking = Thinking.auto
    /// The most tokens of thoughts; -1 is no limit.
    var budget = -1
    /// How much to think, in the template's words; empty is as the template has it.
    var effort = ""
    /// What becomes of the thoughts.
    var format = Format.auto
    /// Further variables of the template, each as JSON.
    var templateArguments: [String: String] = [:]

    /// The words for ``format``, which are llama.cpp's: apart from the answer, or a part of it as the model wrote them.
    enum Format: String, CaseIterable {
        case auto, deepseek, none
    }

    /// The words for ``thinking``, which are llama.cpp's.
    enum Thinking: String, CaseIterable {
        case on, off, auto
    }

    /// The options under their heading.
    static var group: OptionGroup<ConversationOptions> {
        OptionGroup(
            title: "Tools and reasoning",
            options: [
                .text(
                    "--tools", placeholder: "FILE",
                    help:
                        "functions that the model may call, as the tools of an OpenAI request in JSON; calls are shown, "
                        + "and not made",
                    current: { $0.toolFile ?? "none" }, set: { values, text, _ in values.toolFile = text }),
                .text(
                    "--tool-choice", placeholder: "auto|none|required|NAME",
                    help: "whether the model must call one, or which",
                    current: { $0.choiceName }, set: { values, text, _ in values.choiceName = text }),
                .flag(
                    "--single-tool-call", path: \.callsInParallel, sets: false,
                    help: "no more than one call in an answer"),
                .choice(
                    "-rea", "--reasoning", path: \.thinking,
                    help: "whether the model thinks before it answers, where its template lets one choose"),
                .integer(
                    "--reasoning-budget", in: -1...Int.max, path: \.budget,
                    help: "the most tokens of its thoughts, which end there; -1 is no limit"),
                .text(
                    "--reasoning-effort", placeholder: "WORD",
                    help: "how much to think, in the template's own words, such as low or high",
                    current: { $0.effort }, set: { values, text, _ in values.effort = text }),
                .choice(
                    "--reasoning-format", path: \.format,
                    help: "none leaves the model's thoughts in the answer, as it wrote them; else they are apart"),
                .text(
                    "--chat-template-kwargs", placeholder: "JSON",
                    help: "further variables of the chat template, as in {\"preserve_thinking\": true}",
                    current: { $0.templateArguments.isEmpty ? "none" : "\($0.templateArguments)" },
                    set: { (values: inout ConversationOptions, text: String, name: String) throws(UsageError) in
                        try values.readTemplateArguments(text, name)
                    }),
            ])
    }

    /// Sets a request's conversation up.
    ///
    /// - Parameter tools: what ``toolFile`` holds.
    func apply(to request: inout GenerationRequest, tools: [Tool]) {
        request.tools = tools
        request.toolChoice = toolChoice
        request.callsToolsInParallel = callsInParallel
        request.reasoning.isEnabled = thinking == .auto ? nil : thinking == .on
        request.reasoning.budget = budget < 0 ? nil : budget
        request.reasoning.effort = effort.isEmpty ? nil : effort
        request.reasoning.isSeparate = format != .none
        request.templateArguments = templateArguments
    }

    private mutating func readTemplateArguments(_ text: String, _ name: String) throws(UsageError) {
        var request = GenerationRequest(prompt: .text(""))
        do throws(GenerationError) {
            try OpenAIRequest.readTemplateArguments(json: text.utf8, of: name, into: &request)
        } catch {
            throw UsageError(message: "\(name) needs an object in JSON: \(error.message)")
        }
        templateArguments = request.templateArguments
        if let isEnabled = request.reasoning.isEnabled { thinking = isEnabled ? .on : .off }
    }

    /// Reads the tools.
    ///
    /// - Throws: ``Exit`` when the file cannot be read, or holds no tools.
    func tools(signals: Signals) throws(Exit) -> [Tool] {
        guard let toolFile else { return [] }
        let text = try Input.readText(file: toolFile, signals: signals)
        do throws(GenerationError) {
            return try OpenAIRequest.tools(json: Array(text.utf8), of: "“\(toolFile)”")
        } catch {
            throw .failed("The tools in “\(toolFile)” cannot be used: \(error.message)")
        }
    }

    private var choiceName: String {
        get {
            switch toolChoice {
            case .auto: "auto"
            case .none: "none"
            case .required: "required"
            case .named(let name): name
            }
        }
        set {
            let words: [String: ToolChoice] = ["auto": .auto, "none": .none, "required": .required]
            toolChoice = words[newValue] ?? .named(newValue)
        }
    }
}
