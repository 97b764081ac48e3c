internal import CLlama
internal import Freshet

/// A conversation as the model reads it, and how the model's answers to it are written.
///
/// It owns llama.cpp's rendering and frees it. Usable from any thread.
final class ChatRendering: @unchecked Sendable {
    // Sendable: the handle is never changed after init, and may be read from any thread.
    private let handle: OpaquePointer

    /// The text of the conversation. Tokenising it adds the beginning-of-sequence token, where the vocabulary does.
    let prompt: String
    /// The end of ``prompt`` that belongs to the assistant's turn.
    let generationPrompt: String
    /// What the answer must obey, in GBNF; `nil` when nothing is forced. It is made for all of the assistant's turn:
    /// where it does not sleep at first, ``generationPrompt`` is the beginning of what it reads.
    let grammar: String?
    /// Whether the grammar is of the calls alone, and sleeps until one of ``triggers`` wakes it.
    let isGrammarLazy: Bool
    /// The texts that wake the grammar.
    let triggers: [String]
    /// Where no text could: what all of the turn obeys, with ``generationPrompt`` for a beginning. It has rules for
    /// calls too, of the same names as ``grammar``'s, that let any JSON be their arguments.
    let turnGrammar: String?
    /// What the turn obeys up to the text, with ``generationPrompt`` for a beginning: it asks for a token where the text
    /// may begin. `nil` where the text begins at once, or the request has no form for it.
    let openingGrammar: Grammar?
    /// A rule of the parser's that stands for two tools, or for one and something else, so that it must not be used.
    let confusedRule: String?
    /// Marks that are a part of the answer's text, although they are control tokens.
    let preservedMarks: [String]
    /// Texts that end the answer.
    let stops: [String]
    /// What begins the model's thoughts; empty where it has none.
    let thinkingStart: String
    /// What ends them, the usual way first.
    let thinkingEnds: [String]
    /// Whether an answer is nothing but text, which no parser need read.
    let isPlain: Bool

    /// Takes a rendering over.
    ///
    /// - Parameters:
    ///   - isParallel: whether there may be more calls than one.
    ///   - schemas: what calls are held to.
    init(_ handle: OpaquePointer, isParallel: Bool, schemas: CallSchemas) {
        self.handle = handle
        func text(_ part: freshet_rendering_part) -> String { String(freshet_rendering_text(handle, part)) }
        func list(_ list: freshet_rendering_list) -> [String] {
            (0..<freshet_rendering_count(handle, list)).map { String(freshet_rendering_item(handle, list, $0)) }
        }
        prompt = text(FRESHET_PROMPT)
        generationPrompt = text(FRESHET_GENERATION_PROMPT)
        let calls = CallHeaders.bounded(text(FRESHET_GRAMMAR), isParallel: isParallel)
        let grammar = CallSchemas.complete(CallArguments.held(calls, to: schemas), with: schemas.expressions)
        self.grammar = grammar.isEmpty ? nil : grammar
        isGrammarLazy = freshet_rendering_grammar_is_lazy(handle)
        triggers = list(FRESHET_TRIGGERS)
        let turnGrammar = text(FRESHET_TURN_GRAMMAR)
        self.turnGrammar = turnGrammar.isEmpty ? nil : turnGrammar
        let openingGrammar = text(FRESHET_OPENING_GRAMMAR)
        self.openingGrammar =
            openingGrammar.isEmpty
            ? nil : Grammar(text: openingGrammar, seesControlTokens: true, field: "response_format")
        let confusedRule = text(FRESHET_CONFUSED_RULE)
        self.confusedRule = confusedRule.isEmpty ? nil : confusedRule
        preservedMarks = list(FRESHET_PRESERVED)
        stops = list(FRESHET_STOPS)
        thinkingStart = text(FRESHET_THINKING_START)
        thinkingEnds = list(FRESHET_THINKING_ENDS)
        isPlain = freshet_rendering_is_plain(handle)
    }

    deinit { freshet_rendering_free(handle) }

    /// What keeps the model's calls to their form: from the first token on, where one is required or where no fixed text
    /// begins one; else from that text on. `nil` where nothing is known that could.
    var callGrammar: Grammar? {
        guard let grammar else { return nil }
        if let turnGrammar {
            let turn = TurnGrammar(turn: turnGrammar, calls: grammar)
            return Grammar(text: turn.text, seesControlTokens: true, field: "tools")
        }
        guard !isGrammarLazy else {
            guard !triggers.isEmpty else { return nil }
            return Grammar(
                text: grammar, triggers: triggers.map { .text($0) }, seesControlTokens: true, field: "tools")
        }
        let call = ForcedCall(thinkingEnds: thinkingEnds)
        return Grammar(text: call.grammar(grammar), seesControlTokens: true, field: "tool_choice")
    }

    /// A parser for one answer.
    ///
    /// - Parameter seed: what the identifiers of its calls are made from, where the model gives none.
    func makeParser(seed: UInt64) -> ChatParser {
        var failure = freshet_error()
        return ChatParser(freshet_parser_new(handle, &failure), seed: seed)
    }
}

extension String {
    /// The text of a handle of the C boundary.
    init(_ text: freshet_text) {
        self.init(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.length), as: UTF8.self)
    }
}
