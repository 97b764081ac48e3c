import Freshet

@testable import FreshetLlama

/// How a grammar reads texts, byte by byte, without a vocabulary.
struct GrammarReading {
    /// What a grammar says of a text.
    enum Verdict: Equatable {
        /// It is one of its texts.
        case whole
        /// One of its texts begins so.
        case beginning
        /// None does; the number of bytes that are a beginning.
        case refused(after: Int)
    }

    let rules: GrammarRules

    init(rules: GrammarRules) { self.rules = rules }

    init(_ grammar: String) throws { rules = try GrammarRules(Grammar(text: grammar)) }

    /// Reads bytes.
    func verdict(_ bytes: [UInt8]) -> Verdict {
        var automaton = GrammarAutomaton(rules)
        var state = automaton.start()
        for (count, byte) in bytes.enumerated() {
            state = automaton.step(state, byte)
            if state == GrammarAutomaton.dead { return .refused(after: count) }
            state = automaton.tidy(state) ?? state
        }
        return automaton.isEnd(state) ? .whole : .beginning
    }

    /// Reads a text.
    func verdict(_ text: String) -> Verdict { verdict(Array(text.utf8)) }

    /// Whether a text is one of the grammar's.
    func reads(_ text: String) -> Bool { verdict(text) == .whole }
}
