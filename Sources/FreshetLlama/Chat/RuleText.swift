/// What a rule of llama.cpp's grammars for calls says, taken apart and written again. Each is in a line.
struct RuleText {
    /// What stands in a sequence.
    indirect enum Item {
        /// A literal, a rule's name or a class, with what repeats it.
        case plain(String, suffix: String = "")
        /// Alternatives in parentheses.
        case group([[Item]], suffix: String = "")
    }

    /// The sequences of which the rule is one.
    var alternatives: [[Item]]

    /// Takes apart what stands behind `::=`.
    init(_ text: Substring) {
        var reader = Reader(text: text)
        alternatives = reader.alternatives()
    }

    init(_ alternatives: [[Item]]) { self.alternatives = alternatives }

    /// The rule as it is written.
    var text: String { Self.text(of: alternatives) }

    private static func text(of alternatives: [[Item]]) -> String {
        alternatives.map { items in
            items.map { item in
                switch item {
                case .plain(let word, let suffix): word + suffix
                case .group(let inner, let suffix): "(" + text(of: inner) + ")" + suffix
                }
            }.joined(separator: " ")
        }.joined(separator: " | ")
    }

    /// Writes a literal.
    static func literal(_ text: String) -> String {
        text.reduce(into: "\"") { literal, character in
            switch character {
            case "\n": literal += "\\n"
            case "\r": literal += "\\r"
            case "\r\n": literal += "\\r\\n"
            case "\"", "\\": literal += "\\\(character)"
            default: literal.append(character)
            }
        } + "\""
    }

    private struct Reader {
        var text: Substring

        /// Reads alternatives, up to a parenthesis that closes.
        mutating func alternatives() -> [[Item]] {
            var alternatives: [[Item]] = [[]]
            while let first = text.first, first != ")" {
                switch first {
                case " ": text.removeFirst()
                case "|":
                    text.removeFirst()
                    alternatives.append([])
                case "(":
                    text.removeFirst()
                    let inner = self.alternatives()
                    text = text.dropFirst()
                    alternatives[alternatives.count - 1].append(.group(inner, suffix: suffix()))
                default:
                    let word = word(first)
                    alternatives[alternatives.count - 1].append(.plain(word, suffix: suffix()))
                }
            }
            return alternatives
        }

        private mutating func word(_ first: Character) -> String {
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

        private mutating func suffix() -> String {
            guard let first = text.first, "?*+{".contains(first) else { return "" }
            let end = first == "{" ? text.firstIndex(of: "}") ?? text.startIndex : text.startIndex
            defer { text = text[text.index(after: end)...] }
            return String(text[...end])
        }
    }
}
