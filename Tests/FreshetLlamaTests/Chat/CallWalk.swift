import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// Random texts of a grammar for calls: each next byte, or mark of the form, is any that the grammar lets through.
final class CallWalk {
    private var automaton: GrammarAutomaton
    /// Where an answer begins.
    let start: Int32
    /// The literals of the grammar: without them a walk would seldom find out of a text.
    private let marks: [[UInt8]]
    private var generator: SeededGenerator

    /// - Parameter marks: more of what ends a text, where it is no literal of the grammar.
    init(_ rendering: ChatRendering, marks: [String], seed: UInt64) throws {
        let grammar = try #require(rendering.callGrammar)
        automaton = GrammarAutomaton(try GrammarRules(grammar))
        var state = automaton.start()
        for byte in rendering.generationPrompt.utf8 where state != GrammarAutomaton.dead {
            state = automaton.step(state, byte)
        }
        try #require(state != GrammarAutomaton.dead)
        start = state
        self.marks = Self.literals(of: grammar.text) + marks.map { Array($0.utf8) }
        generator = SeededGenerator(seed: seed)
    }

    /// The state after bytes.
    func read(_ bytes: some Sequence<UInt8>, from state: Int32) -> Int32 {
        var state = state
        for byte in bytes where state != GrammarAutomaton.dead { state = automaton.step(state, byte) }
        return state
    }

    /// Whether an answer may end in a state.
    func isEnd(_ state: Int32) -> Bool { state != GrammarAutomaton.dead && automaton.isEnd(state) }

    /// An answer; `nil` where it has no end within a limit of steps. It may go on where it could end.
    func text(limit: Int = 3000) -> String? {
        var (state, bytes) = (start, [UInt8]())
        for step in 0..<limit {
            if automaton.isEnd(state), automaton.isComplete(state) || generator.chance(0.3) || step > limit / 2 {
                return String(validating: bytes, as: UTF8.self)
            }
            guard let next = step % 3 == 0 || step > 200 ? mark(after: state) ?? byte(after: state) : byte(after: state)
            else { return nil }
            bytes += next.bytes
            state = next.state
        }
        return nil
    }

    private func mark(after state: Int32) -> (bytes: [UInt8], state: Int32)? {
        for _ in 0..<2 * marks.count {
            let mark = generator.pick(marks)
            let next = read(mark, from: state)
            if next != GrammarAutomaton.dead { return (mark, next) }
        }
        return nil
    }

    private static let liked = Array("abc019-. \n\t\"'\\<>/[]{}(),:=|#_é🍋\u{7F}\r".utf8)
    private static let printed = Array(UInt8(0x20)...0x7E)

    private func byte(after state: Int32) -> (bytes: [UInt8], state: Int32)? {
        // In a literal one of 256 is taken; most often it is a printed one.
        let turn = Int.random(in: 0..<Self.printed.count, using: &generator)
        let likely = [generator.pick(Self.liked), generator.pick(Self.liked)]
        for byte in likely + Self.printed[turn...] + Self.printed[..<turn] {
            let next = read([byte], from: state)
            if next != GrammarAutomaton.dead { return ([byte], next) }
        }
        let ways = (UInt8.min...UInt8.max).filter { read([$0], from: state) != GrammarAutomaton.dead }
        guard !ways.isEmpty else { return nil }
        let byte = generator.pick(ways)
        return ([byte], read([byte], from: state))
    }

    private static func literals(of grammar: String) -> [[UInt8]] {
        var (result, literal, closing) = (Set<String>(), "", nil as Character?)
        var isEscaped = false
        for character in grammar {
            guard let end = closing else {
                if character == "\"" || character == "[" { closing = character == "[" ? "]" : "\"" }
                literal = ""
                continue
            }
            if isEscaped {
                literal.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == end {
                if end == "\"", !literal.isEmpty { result.insert(literal) }
                closing = nil
            } else {
                literal.append(character)
            }
        }
        return result.sorted().map { Array($0.utf8) }
    }
}
