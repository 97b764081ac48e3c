/// A term and its explanation, in two columns.
struct HelpLine {
    /// What is explained.
    var term: String
    /// The explanation.
    var text: String

    /// The column where explanations begin.
    static let indent = 34

    /// The lines, wrapped; a long term gets a line of its own.
    func lines(width: Int) -> [String] {
        let wrapped = text.wrapped(to: max(width - Self.indent, 24))
        let margin = String(repeating: " ", count: Self.indent)
        let head = "  " + term
        guard head.count + 2 <= Self.indent else { return [head] + wrapped.map { margin + $0 } }
        let first = head + String(repeating: " ", count: Self.indent - head.count) + (wrapped.first ?? "")
        return [first] + wrapped.dropFirst().map { margin + $0 }
    }
}

extension String {
    /// The text's words in lines of at most `width` characters; a longer word stands alone.
    func wrapped(to width: Int) -> [String] {
        var lines: [String] = []
        for word in split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
