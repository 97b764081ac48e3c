/// Who speaks in a conversation.
public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    /// Instructions that hold for the whole conversation.
    case system
    /// The person, or the program, that asks.
    case user
    /// The model.
    case assistant
    /// The result of a tool call, handed back to the model.
    case tool
}

/// One turn of a conversation, as a chat template renders it.
///
/// ```swift
/// // A call and its result, handed back to the model.
/// messages.append(Message(reply.choices[0]))
/// messages.append(Message(role: .tool, content: #"{"celsius": 21}"#, toolCallID: call.id, name: call.name))
/// ```
public struct Message: Sendable, Hashable {
    /// Who said it.
    public var role: Role
    /// What was said.
    public var content: String
    /// The calls to tools that the model made in this turn, in order.
    public var toolCalls: [ToolCall] = []
    /// The call of which a tool's turn is the result; `nil` where the caller does not say.
    public var toolCallID: String?
    /// Who speaks within the role: the tool's name, in a tool's turn.
    public var name: String?
    /// What the model thought before it answered. Most templates leave out that of earlier turns.
    public var reasoning = ""

    /// Makes a turn.
    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }

    /// Makes the turn that hands a tool's result back.
    ///
    /// - Parameters:
    ///   - toolCallID: the call that it answers.
    ///   - name: the tool's name; some templates want it.
    public init(role: Role, content: String, toolCallID: String, name: String? = nil) {
        self.init(role: role, content: content)
        (self.toolCallID, self.name) = (toolCallID, name)
    }

    /// The turn that an answer is in the conversation that goes on.
    public init(_ choice: Reply.Choice) {
        self.init(role: choice.role, content: choice.text)
        toolCalls = choice.toolCalls.map { ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments) }
        reasoning = choice.reasoning
    }
}

/// A call to a tool that the model made.
public struct ToolCall: Sendable, Hashable {
    /// The call's identifier, by which its result names it.
    public var id: String
    /// The tool's name.
    public var name: String
    /// The arguments, as JSON text. A model may have written some that are no JSON; no request takes those.
    public var arguments: String

    /// Makes a call.
    public init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

extension Message {
    /// The most calls of one turn.
    public static let callLimit = 128

    /// The most UTF-8 bytes of a turn's ``name``, of a call's name, and of each id.
    public static let nameLimit = 256

    /// Checks what no template could take.
    ///
    /// - Parameter path: the turn's place in the request: `messages[3]`.
    func validate(at path: String) throws(GenerationError) {
        guard toolCalls.count <= Self.callLimit else {
            throw .invalid(
                "\(path).tool_calls", "may hold at most \(Self.callLimit) calls, but holds \(toolCalls.count)")
        }
        guard toolCalls.isEmpty || role == .assistant else {
            throw .invalid("\(path).tool_calls", "may stand only in an assistant's turn")
        }
        for (place, call) in toolCalls.enumerated() {
            let path = "\(path).tool_calls[\(place)]"
            guard !call.name.isEmpty else { throw .invalid("\(path).function.name", "must not be empty") }
            try Self.check(call.name, "\(path).function.name")
            try Self.check(call.id, "\(path).id")
            guard JSONNesting.depth(of: call.arguments) <= Tool.nestingLimit else {
                throw .invalid("\(path).function.arguments", "is nested in more than \(Tool.nestingLimit) levels")
            }
            guard call.arguments.isEmpty || JSONNesting.isValue(call.arguments) else {
                throw .invalid("\(path).function.arguments", "must be JSON, or empty for none")
            }
        }
        if let toolCallID { try Self.check(toolCallID, "\(path).tool_call_id") }
        if let name { try Self.check(name, "\(path).name") }
    }

    private static func check(_ text: String, _ path: String) throws(GenerationError) {
        guard text.utf8.count <= nameLimit else {
            throw .invalid(path, "may have at most \(nameLimit) UTF-8 bytes, but has \(text.utf8.count)")
        }
    }
}
