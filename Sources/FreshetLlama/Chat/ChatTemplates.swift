internal import CLlama
internal import Freshet

/// A model's own ways to write a conversation as one text, parsed once, and rendered by llama.cpp's Jinja engine.
///
/// There is no fallback: a model without a template, or with one that cannot be used, is an error that says so. A
/// template is a program that came with a file, so that what it may take is bounded (`freshet_chat.h`).
///
/// It owns llama.cpp's templates and frees them. Usable from any thread.
final class ChatTemplates: @unchecked Sendable {
    // Sendable: the handle is only read after init, which llama.cpp's allows from any thread.
    private let handle: OpaquePointer

    /// The stack of a thread on which templates are parsed and rendered: a source of only brackets takes 3 kB for each.
    static let stackSize = 256 << 20

    /// Whether what templates may take is bounded: not in a program that defines C++'s `operator new` itself.
    static var areBounded: Bool { freshet_templates_are_bounded() }

    /// Parses a model's templates; blocks while it does.
    ///
    /// - Throws: ``GenerationError`` with code `invalidRequest` when the model has none that can be used.
    init(model: LlamaModel) throws(GenerationError) {
        handle = try GenerationError.check(
            "The model's chat template cannot be used",
            { failure in
                if let source = model.templateOverride { return freshet_templates_new(model.handle, source, failure) }
                return freshet_templates_new(model.handle, nil, failure)
            })
    }

    deinit { freshet_templates_free(handle) }

    /// A request's conversation, ready for the assistant to go on; blocks while the template runs.
    ///
    /// - Throws: ``GenerationError`` with code `invalidRequest` when the template refuses it, does too much, or knows no
    ///   tools and is given some.
    func render(_ messages: [Message], for request: GenerationRequest) throws(GenerationError) -> ChatRendering {
        var tools = Array(request.tools.enumerated())
        let choice: freshet_tool_choice
        switch request.toolChoice {
        case .auto: choice = FRESHET_TOOLS_AUTO
        case .none: choice = FRESHET_TOOLS_NONE
        case .required: choice = FRESHET_TOOLS_REQUIRED
        // Of all tools only this one: then the call that is required is to it.
        case .named(let name):
            tools.removeAll { $0.element.name != name }
            choice = FRESHET_TOOLS_REQUIRED
        }
        let isCalling = !tools.isEmpty && choice != FRESHET_TOOLS_NONE
        guard !isCalling || freshet_templates_know_tools(handle) else {
            throw .invalid(
                "tools",
                "cannot be given to this model: its chat template has no place for them. Another template, of a "
                    + "file, may have one (--chat-template-file)")
        }
        guard let conversation = freshet_conversation_new() else { throw .noMemoryForConversation }
        defer { freshet_conversation_free(conversation) }
        let schemas = try CallSchemas(tools)
        try fill(conversation, messages, schemas, request)
        freshet_conversation_choose(
            conversation, choice, request.callsToolsInParallel, request.reasoning.isEnabled ?? true,
            request.reasoning.isSeparate, request.responseFormat != .text)
        let rendering = ChatRendering(
            try GenerationError.check(
                "The conversation cannot be rendered by the model's chat template",
                { failure in freshet_templates_render(handle, conversation, failure) }),
            isParallel: request.callsToolsInParallel, schemas: schemas)
        if let rule = rendering.confusedRule {
            throw .invalid(
                "tools",
                "have names that this model's calls cannot be told by: two of them, or of one tool's parameters, differ in "
                    + "nothing but signs, or one is a word of llama.cpp's own (its rule is \(rule)). Give it another name"
            )
        }
        guard choice != FRESHET_TOOLS_REQUIRED || rendering.grammar != nil else {
            throw .invalid(
                "tool_choice", "cannot force a call: how this model writes one is not known from its chat template")
        }
        return rendering
    }

    private func fill(
        _ conversation: OpaquePointer, _ messages: [Message], _ schemas: CallSchemas, _ request: GenerationRequest
    ) throws(GenerationError) {
        for (place, message) in messages.enumerated() {
            let path = "messages[\(place)]"
            let texts = [message.content, message.reasoning, message.name ?? "", message.toolCallID ?? ""]
            try Self.check(texts, path)
            try Self.add(
                freshet_conversation_add_message(
                    conversation, message.role.rawValue, texts[0], texts[1], texts[2], texts[3]))
            for call in message.toolCalls {
                try Self.check([call.id, call.name, call.arguments], "\(path).tool_calls")
                // A template reads the arguments as an object; a call without any has one without members.
                let arguments = call.arguments.isEmpty ? "{}" : call.arguments
                try Self.add(freshet_conversation_add_call(conversation, call.id, call.name, arguments))
            }
        }
        for (tool, schema) in schemas.tools {
            try Self.check([tool.description, tool.parameters], "tools")
            let parameters = tool.parameters.isEmpty ? "{}" : tool.parameters
            try Self.add(
                freshet_conversation_add_tool(
                    conversation, tool.name, tool.description, parameters, schemas.areParameters ? parameters : schema))
        }
        for (name, value) in request.templateArguments {
            try Self.check([name, value], "chat_template_kwargs")
            try Self.add(freshet_conversation_set_variable(conversation, name, value))
        }
        if let effort = request.reasoning.effort {
            try Self.check([effort], "reasoning_effort")
            let escaped = effort.flatMap { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }
            try Self.add(
                freshet_conversation_set_variable(conversation, "reasoning_effort", "\"\(String(escaped))\""))
        }
    }

    private static func check(_ texts: [String], _ path: String) throws(GenerationError) {
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw .invalid(path, "must not contain the character U+0000")
        }
    }

    private static func add(_ isAdded: Bool) throws(GenerationError) {
        guard isAdded else { throw .noMemoryForConversation }
    }
}

extension GenerationError {
    fileprivate static let noMemoryForConversation = GenerationError(
        .outOfMemory, "There is not enough memory for the conversation.")
}
