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
