/// Takes the free text out of the grammar of a required call.
///
/// llama.cpp's grammars let a model write as much as it likes before the call that it must make, which OpenAI's do not,
/// and which a model that never comes to the call uses up a whole answer for. What stays is the model's reasoning, with
/// its tags, and the calls.
///
/// In a grammar of llama.cpp's the free text is what a rule `until-N` reads in the first rule. There it is left out; and
/// where it is the sense of an alternative inside parentheses, as in `("all\n" until-0 tools | tools)`, that is.
struct ForcedCall {
    private indirect enum Item {
        /// A literal, a rule's name or a class, with what repeats it.
        case plain(String, suffix: String)
        case group([[Item]], suffix: String)
    }

    private let thinkingEnds: Set<String>
    private var text: Substring = ""

    /// What thoughts end with in the grammar, as plain text.
    init(thinkingEnds: [String]) {
        self.thinkingEnds = Set(thinkingEnds.map { Self.escaped($0.trimmingSpaces) })
    }

    /// The grammar without free text before, between or after calls.
    mutating func grammar(_ grammar: String) -> String {
        grammar.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            // gpt-oss's comments to the person, between its thoughts.
            if line == "any ::= preamble | analysis" { return "any ::= analysis" }
            guard line.hasPrefix("root ::= ") else { return String(line) }
            text = line.dropFirst("root ::= ".count)
            return "root ::= " + Self.print(parse().map { pruned($0, isInside: false) ?? [] })
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
                    kept.append(.plain("space", suffix: ""))
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

    /// A text as it stands in a literal.
    private static func escaped(_ text: String) -> String {
        String(
            text.flatMap { character in
                switch character {
                case "\n": "\\n"
                case "\"", "\\": "\\\(character)"
                default: "\(character)"
                }
            })
    }

    // MARK: - Reading and writing a rule

    /// Reads alternatives, up to a parenthesis that closes.
    private mutating func parse() -> [[Item]] {
        var alternatives: [[Item]] = [[]]
        while let first = text.first, first != ")" {
            switch first {
            case " ": text.removeFirst()
            case "|":
                text.removeFirst()
                alternatives.append([])
            case "(":
                text.removeFirst()
                let inner = parse()
                text = text.dropFirst()
                alternatives[alternatives.count - 1].append(.group(inner, suffix: takeSuffix()))
            default:
                let word = takeWord(first)
                alternatives[alternatives.count - 1].append(.plain(word, suffix: takeSuffix()))
            }
        }
        return alternatives
    }

    private mutating func takeWord(_ first: Character) -> String {
        let closing: Character? = first == "\"" ? "\"" : first == "[" ? "]" : nil
        var end = text.index(after: text.startIndex)
        while end < text.endIndex {
            if let closing {
                if text[end] == "\\", text.index(after: end) < text.endIndex {
                    end = text.index(after: end)
                } else if text[end] == closing {
                    end = text.index(after: end)
                    break
                }
            } else if " |()?*+{".contains(text[end]) {
                break
            }
            end = text.index(after: end)
        }
        defer { text = text[end...] }
        return String(text[..<end])
    }

    private mutating func takeSuffix() -> String {
        guard let first = text.first, "?*+{".contains(first) else { return "" }
        let end = first == "{" ? text.firstIndex(of: "}") ?? text.startIndex : text.startIndex
        defer { text = text[text.index(after: end)...] }
        return String(text[...end])
    }

    private static func print(_ alternatives: [[Item]]) -> String {
        alternatives.map { items in
            items.map { item in
                switch item {
                case .plain(let word, let suffix): word + suffix
                case .group(let inner, let suffix): "(" + print(inner) + ")" + suffix
                }
            }.joined(separator: " ")
        }.joined(separator: " | ")
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        let start = self[...].drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
