package import Freshet

/// Follows one answer through a grammar: which tokens may come next, and whether the answer may or must end.
///
/// One sequence's sampler owns a matcher, and uses it from one thread at a time.
package final class GrammarMatcher {
    private let constraint: Constraint
    private var automaton: GrammarAutomaton
    private var state: Int32
    /// The end of the answer so far, while no trigger has come; `nil` once the grammar holds.
    private var sleep: SleepingGrammar?
    /// The sets of tokens that were asked for, by state.
    private var sets: [Int32: TokenSet] = [:]

    /// The sets that are kept, of 16 KB each for a vocabulary of 128,000.
    private static let setLimit = 64

    /// A matcher before the first token.
    ///
    /// - Parameter begun: tokens that it takes at once.
    package init(_ constraint: Constraint, after begun: [Token] = []) {
        self.constraint = constraint
        automaton = GrammarAutomaton(constraint.rules)
        state = automaton.start()
        sleep = constraint.triggers.isEmpty ? nil : SleepingGrammar(constraint.triggers)
        for token in begun { accept(token) }
    }

    /// Whether the grammar asks for a token by its number here, perhaps beside other texts.
    var wantsToken: Bool { state != GrammarAutomaton.dead && automaton.wantsTokens(state) }

    /// Whether something may follow, or the answer may end.
    var isAlive: Bool { state != GrammarAutomaton.dead }

    /// Why no token can be told any more, if that is so.
    package var failure: GenerationError? {
        automaton.isExhausted ? Constraint.tooAmbiguous(constraint.field) : nil
    }

    /// Why nothing can follow, where no token is left that the grammar takes.
    package var deadEnd: GenerationError {
        .invalid(
            constraint.field,
            "cannot be followed any further: no token of the model goes on as it demands, or the request's logit bias "
                + "forbids those that do")
    }

    /// Whether the answer may end here.
    package var canEnd: Bool { sleep != nil || state != GrammarAutomaton.dead && automaton.isEnd(state) }

    /// Whether the answer is complete, so that nothing can follow.
    package var isComplete: Bool {
        sleep == nil && state != GrammarAutomaton.dead && automaton.isEnd(state) && automaton.isComplete(state)
    }

    /// Whether a token may come next.
    package func allows(_ token: Token) -> Bool {
        if constraint.tokens.isEnd(token) { return canEnd }
        return after(token) != GrammarAutomaton.dead
    }

    /// Takes the next token of the answer. After one that the grammar refuses nothing is allowed.
    package func accept(_ token: Token) {
        guard !constraint.tokens.isEnd(token) else { return }
        let next = after(token)
        if var sleep {
            sleep.append(token, text: constraint.tokens.text(of: token))
            self.sleep = next == nil ? sleep : nil
        }
        guard let next else { return }
        state = next
        guard state != GrammarAutomaton.dead, let moved = automaton.tidy(state) else { return }
        state = moved
        sets.removeAll()
    }

    /// Whether so many tokens may come next that looking at some of them is less work than ``allowedTokens()``.
    var isBroad: Bool {
        sleep != nil || state != GrammarAutomaton.dead && automaton.breadth(state) > 64
    }

    /// All tokens that may come next.
    func allowedTokens() -> TokenSet {
        guard sleep == nil else { return allowedAsleep() }
        if let known = sets[state] { return known }
        var allowed = TokenSet(capacity: constraint.tokens.count)
        guard state != GrammarAutomaton.dead else { return allowed }
        automaton.insert(constraint.tokens, after: state, into: &allowed)
        if automaton.wantsTokens(state) {
            let (taken, allBut) = automaton.namedTokens(state)
            if !allBut.isEmpty {
                for token in 0..<Token(constraint.tokens.count) where automaton.takes(state, token: token) {
                    allowed.insert(token)
                }
            }
            for token in taken { allowed.insert(token) }
        }
        for token in constraint.tokens.endOfGeneration {
            if automaton.isEnd(state) { allowed.insert(token) } else { allowed.remove(token) }
        }
        if sets.count >= Self.setLimit { sets.removeAll(keepingCapacity: true) }
        sets[state] = allowed
        return allowed
    }

    /// The tokens that do not wake the grammar only to break it at once.
    private func allowedAsleep() -> TokenSet {
        var allowed = TokenSet(capacity: constraint.tokens.count)
        for token in 0..<Token(constraint.tokens.count) where allows(token) { allowed.insert(token) }
        return allowed
    }

    /// The state after a token; `nil` when the grammar sleeps on.
    private func after(_ token: Token) -> Int32? {
        let text = constraint.tokens.text(of: token)
        guard let sleep else { return after(token, text, in: state) }
        guard let pieces = sleep.waking(token, text: text) else { return nil }
        var state = state
        for piece in pieces where state != GrammarAutomaton.dead {
            state = after(piece.token, piece.text, in: state)
        }
        return state
    }

    private func after(_ token: Token?, _ text: ArraySlice<UInt8>, in state: Int32) -> Int32 {
        guard state != GrammarAutomaton.dead else { return state }
        var next = text.isEmpty ? GrammarAutomaton.dead : state
        for byte in text where next != GrammarAutomaton.dead { next = automaton.step(next, byte) }
        guard let token, automaton.wantsTokens(state) else { return next }
        return automaton.step(state, token: token, or: next)
    }
}
