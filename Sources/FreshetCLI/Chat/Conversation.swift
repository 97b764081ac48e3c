internal import FoundationEssentials
import Freshet
import FreshetHTTP

/// What has been said in a chat: a value, without a model or a terminal.
struct Conversation: Equatable {
    /// Instructions that come before everything.
    var system: String?
    /// The turns in order: a question, its answer, and so on; where the answer calls tools, their results and another
    /// answer. A question, or a result, without an answer stands only at the end.
    private(set) var turns: [Message] = []

    /// Everything, as a model is asked.
    var messages: [Message] { (system.map { [Message(role: .system, content: $0)] } ?? []) + turns }

    /// Adds what the person says.
    mutating func ask(_ text: String) { turns.append(Message(role: .user, content: text)) }

    /// Adds what the model says, perhaps not to the end. What it thought is not kept: templates leave it out of earlier
    /// turns.
    mutating func answer(_ turn: Message) {
        var turn = turn
        turn.reasoning = ""
        turns.append(turn)
    }

    /// Adds what a tool gave.
    mutating func answer(_ call: ToolCall, with result: String) {
        turns.append(Message(role: .tool, content: result, toolCallID: call.id, name: call.name))
    }

    /// The first of the last answer's calls that has no result.
    var openCall: ToolCall? {
        guard let place = turns.lastIndex(where: { $0.role == .assistant }) else { return nil }
        let results = turns[(place + 1)...]
        guard results.allSatisfy({ $0.role == .tool }) else { return nil }
        return turns[place].toolCalls.dropFirst(results.count).first
    }

    /// Whether the model speaks next: the last question, or the last call's result, has no answer.
    var awaitsAnswer: Bool { openCall == nil && (turns.last?.role == .user || turns.last?.role == .tool) }

    /// Forgets the last question, which got no answer, with all that came of it, so that the conversation is as before
    /// it.
    mutating func takeBackQuestion() {
        guard turns.last?.role == .user || turns.last?.role == .tool else { return }
        let place = turns.lastIndex { $0.role == .user } ?? turns.startIndex
        turns.removeSubrange(place...)
    }

    /// Forgets the last answer, so that its question can be asked again.
    ///
    /// - Returns: whether there was one.
    mutating func takeBackAnswer() -> Bool {
        guard turns.last?.role == .assistant, let before = turns.dropLast().last, before.role != .assistant else {
            return false
        }
        turns.removeLast()
        return true
    }

    /// Forgets all turns; the system prompt stays.
    mutating func reset() { turns = [] }
}

// Conversations on disk: `{"messages": [{"role": "user", "content": "…"}, …]}`, as in an OpenAI request.
extension Conversation {
    private struct File: Encodable {
        var messages: [Message]
    }

    /// The conversation as JSON text.
    func json() throws(Exit) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(File(messages: messages)), as: UTF8.self) + "\n"
        } catch {
            throw .failed("The conversation cannot be written as JSON: \(error).")
        }
    }

    /// Reads what ``json()`` wrote, or the request of another program, as a server would read it.
    ///
    /// - Throws: ``Exit`` that says what is wrong with the text.
    init(json: String, from name: String) throws(Exit) {
        let messages: [Message]
        do throws(GenerationError) {
            messages = try OpenAIRequest.messages(json: json.utf8, of: "Its text")
        } catch {
            throw .failed("\(name) holds no conversation: \(error.message)")
        }
        var turns = messages[...]
        if turns.first?.role == .system { system = turns.removeFirst().content }
        var open = 0
        var last = Role.assistant
        for message in turns {
            let expected: Role = open > 0 ? .tool : last == .assistant ? .user : .assistant
            open = message.role == .tool ? open - 1 : message.toolCalls.count
            last = message.role
            guard message.role == expected else {
                throw .failed(
                    "\(name) holds no conversation that can go on: after an optional system message, user and assistant must "
                        + "take turns, with a tool's turn for each call."
                )
            }
        }
        self.turns = Array(turns)
    }
}
