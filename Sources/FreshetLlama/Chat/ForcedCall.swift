/// Takes the free text out of the grammar of a required call.
///
/// llama.cpp's grammars let a model write as much as it likes before the call that it must make, which OpenAI's do not,
/// and which a model that never comes to the call uses up a whole answer for. What stays is the model's reasoning, with
/// its tags, and the calls.
///
/// In a grammar of llama.cpp's the free text is what a rule `until-N` reads in the first rule, and in Ling's of its calls.
/// There it is left out, but for white space behind thoughts; and where it is the sense of an alternative inside
/// parentheses, as in `("all\n" until-0 tools | tools)`, that is.
struct ForcedCall {
    private typealias Item = RuleText.Item

    private let thinkingEnds: Set<String>

    /// What thoughts end with in the grammar, as plain text.
    init(thinkingEnds: [String]) {
        self.thinkingEnds = Set(thinkingEnds.map { String(RuleText.literal($0.trimmingSpaces).dropFirst().dropLast()) })
    }

    /// The grammar without free text before, between or after calls.
    func grammar(_ grammar: String) -> String {
        grammar.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            // gpt-oss's comments to the person, between its thoughts.
            if line == "any ::= preamble | analysis" { return "any ::= analysis" }
            guard let name = ["root ::= ", "ling3-tool-call ::= "].first(where: line.hasPrefix) else {
                return String(line)
            }
            let rule = RuleText(line.dropFirst(name.count))
            return name + RuleText(rule.alternatives.map { pruned($0, isInside: false) ?? [] }).text
        }.joined(separator: "\n")
    }

    // MARK: - Pruning

    /// A sequence without free text; `nil` when that was its sense.
    private func pruned(_ items: [Item], isInside: Bool) -> [Item]? {
        var kept: [Item] = []
        for (place, item) in items.enumerated() {
            switch item {
            case .plain(let word, _) where word.hasPrefix("until-") && !isThought(items[(place + 1)...]):
                // Behind a mark of its own it is what the alternative is for.
                if isInside, place > 0, case .plain(let mark, _) = items[place - 1], mark.hasPrefix("\"") { return nil }
                // What is left of it behind thoughts is the white space that models write there.
                if place > 0, endsThoughts(items[place - 1]), !isSpace(items.dropFirst(place + 1).first) {
                    kept.append(.plain("space"))
                }
            case .group(let alternatives, let suffix):
                let rest = alternatives.compactMap { $0.isEmpty ? $0 : pruned($0, isInside: true) }
                if !rest.isEmpty { kept.append(.group(rest, suffix: suffix)) }
            case .plain: kept.append(item)
            }
        }
        return kept
    }

    /// Whether thoughts end in an item.
    private func endsThoughts(_ item: Item) -> Bool {
        switch item {
        case .plain(let word, _): isThinkingEnd(word)
        case .group(let alternatives, _): alternatives.contains { $0.contains(where: endsThoughts) }
        }
    }

    private func isSpace(_ item: Item?) -> Bool {
        if case .plain("space", _) = item { true } else { false }
    }

    private func isThinkingEnd(_ word: String) -> Bool {
        word.hasPrefix("\"") && thinkingEnds.contains(Self.trimmingEscapes(String(word.dropFirst().dropLast())))
    }

    /// Whether what follows a text begins with what ends thoughts.
    private func isThought(_ rest: ArraySlice<Item>) -> Bool {
        for item in rest {
            switch item {
            case .plain(let word, _):
                guard word.hasPrefix("\"") else { continue }
                let literal = String(word.dropFirst().dropLast())
                if ["\\n", " ", ""].contains(literal) { continue }
                return isThinkingEnd(word)
            case .group(let alternatives, _):
                return alternatives.contains { isThought($0[...]) }
            }
        }
        return false
    }

    private static func trimmingEscapes(_ literal: String) -> String {
        var literal = literal[...]
        while literal.hasPrefix("\\n") { literal = literal.dropFirst(2) }
        while literal.hasSuffix("\\n") { literal = literal.dropLast(2) }
        return String(literal)
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        let start = self[...].drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
