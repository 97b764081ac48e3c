extension String {
    /// The text with control characters made visible, so that a model's words, or a name in a hostile file, cannot
    /// command the terminal. Line feeds and tabs stay; all of C0, DEL and C1 else become `\u{1B}` and the like.
    var printable: String { escaped { $0 == "\n" || $0 == "\t" } }

    /// The text on one line: like ``printable``, with line feeds and tabs as `\n` and `\t`.
    var printableLine: String { escaped { _ in false } }

    private func escaped(keeping isKept: (Unicode.Scalar) -> Bool) -> String {
        func isSafe(_ scalar: Unicode.Scalar) -> Bool {
            !(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)) || isKept(scalar)
        }
        if unicodeScalars.allSatisfy(isSafe) { return self }
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if isSafe(scalar) {
                result.append(scalar)
            } else {
                result.append(contentsOf: Self.escape(scalar).unicodeScalars)
            }
        }
        return String(result)
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\t": "\\t"
        case "\r": "\\r"
        default: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        }
    }

    /// The text in quotes, cut where it is too long for a sentence.
    var quoted: String { "“\(cut(at: 60))”" }

    /// The first characters, with a mark where some are missing.
    func cut(at length: Int) -> String { count <= length ? self : prefix(length) + "…" }
}
