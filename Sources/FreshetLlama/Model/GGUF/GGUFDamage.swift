/// What is wrong with a GGUF file, as the end of a sentence: "it is truncated: it needs 10 bytes and has 9".
struct GGUFDamage: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A string from a file, in quotes, short and without control characters: it goes to a terminal.
func quoted(_ text: some StringProtocol) -> String {
    let printable = text.unicodeScalars.prefix(64).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
    var quoted = "\""
    quoted.unicodeScalars.append(contentsOf: printable)
    return quoted + (text.unicodeScalars.count > 64 ? "…\"" : "\"")
}
