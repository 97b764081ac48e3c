package import Freshet

/// What keeps the answers of a request to a grammar: the grammar's rules, read for one model's vocabulary.
///
/// A value that a request carries; each of its answers follows it with a ``GrammarMatcher`` of its own.
package struct Constraint: Sendable {
    let rules: GrammarRules
    let tokens: TokenTable
    let triggers: [Grammar.Trigger]
    /// The request's field that the grammar comes from.
    let field: String

    /// Reads a grammar.
    ///
    /// - Parameters:
    ///   - tokens: the vocabulary, with the names of control tokens as their bytes where the grammar sees them.
    ///   - named: the token that a mark such as `<|end|>` names, if it is one.
    /// - Throws: ``GenerationError`` with code `invalidRequest` that says what is wrong with it.
    package init(
        _ grammar: Grammar, tokens: TokenTable, named: @escaping (String) -> Token? = { _ in nil }
    ) throws(GenerationError) {
        rules = try GrammarRules(grammar, token: named)
        self.tokens = tokens
        triggers = grammar.triggers.filter { $0 != .text("") }
        field = grammar.field
        // What cannot even begin is refused here, off the engine's thread.
        var automaton = GrammarAutomaton(rules)
        guard automaton.start() != GrammarAutomaton.dead else {
            throw automaton.isExhausted ? Self.tooAmbiguous(field) : .invalid(field, "allows no text at all")
        }
    }

    /// Tokens that are a text byte for byte, for what an answer has to obey to begin with. A tokenizer may put a space
    /// before the text, or after a mark in it, that the grammar does not know.
    ///
    /// - Throws: ``GenerationError`` with code `invalidRequest` when the vocabulary has no tokens for it.
    package func beginning(with text: String) throws(GenerationError) -> [Token] {
        guard let found = tokens.tokens(of: Array(text.utf8)) else {
            throw .invalid(field, "cannot be obeyed by this model: it has no tokens for \(text.debugDescription)")
        }
        return found
    }

    /// The error for a grammar with which one byte can be read in too many ways.
    static func tooAmbiguous(_ field: String) -> GenerationError {
        .invalid(
            field,
            "can be read in too many ways at once: let its alternatives begin with different characters, or repeat less "
                + "within repetitions")
    }
}
