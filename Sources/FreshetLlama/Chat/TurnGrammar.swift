/// The grammar of all of an assistant's turn, in which calls may come, for models that begin a call with no fixed text.
///
/// There no text could wake a grammar that sleeps. llama.cpp has regular expressions that do (for gpt-oss, muse-glimmer
/// and functionary v3.2), but what they find depends on where tokens end. The grammar of the whole turn needs none: it
/// leaves the model's thoughts and texts as free as its form of answers has them, and what ends by itself can be told
/// apart.
///
/// It is made of two of llama.cpp's, which write a rule in a line: that of the turn, in which a call has any JSON for
/// its arguments, and that of the calls alone, whose rules have the tools' schemas.
struct TurnGrammar {
    /// The grammar, in GBNF.
    let text: String

    /// Puts the rules of calls in the place of those that the turn's grammar has by the same names.
    init(turn: String, calls: String) {
        let schemas = Self.rules(calls).filter { $0.name != "root" }
        let names = Set(schemas.map(\.name))
        text = (Self.rules(turn).filter { !names.contains($0.name) } + schemas).map(\.line).joined(separator: "\n")
    }

    private static func rules(_ grammar: String) -> [(name: Substring, line: Substring)] {
        grammar.split(separator: "\n").map { line in (line.prefix { $0 != " " }, line) }
    }
}
