package import Freshet

/// The texts that an answer may be, in GBNF, llama.cpp's notation for grammars.
///
/// It is only text: ``Constraint`` reads it for a model's vocabulary.
package struct Grammar: Sendable, Hashable {
    /// What wakes a grammar that sleeps at first.
    package enum Trigger: Sendable, Hashable {
        /// A text in the answer: the grammar holds from its first byte on.
        case text(String)
        /// A token: the grammar holds from it on.
        case token(Token)
    }

    /// The rules.
    package var text: String
    /// The rule that the whole answer obeys.
    package var root: String
    /// Where the grammar begins to hold; where there are none, with the answer's first token. Before that every token
    /// may come.
    package var triggers: [Trigger]
    /// Whether a control token is to the grammar the text that names it. Else it has none and is refused, because an
    /// answer does not show it; a rule can still ask for it, as `<[17]>` or by its name.
    package var seesControlTokens: Bool
    /// The request's field that the grammar comes from, for the errors.
    package var field: String

    /// Makes a grammar.
    package init(
        text: String, root: String = "root", triggers: [Trigger] = [], seesControlTokens: Bool = false,
        field: String = "grammar"
    ) {
        self.text = text
        self.root = root
        self.triggers = triggers
        self.seesControlTokens = seesControlTokens
        self.field = field
    }
}
