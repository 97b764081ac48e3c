/// HTML and SVG as they are written. Text and values of attributes are escaped here; names of elements and attributes are
/// known when the program is built, so that nothing that comes from outside can become markup.
struct Markup {
    /// What was written so far.
    private(set) var text = ""

    /// Adds words.
    mutating func write(_ words: String) {
        for scalar in words.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case "\n", "\t": text.unicodeScalars.append(scalar)
            // HTML has no way to write most control characters; those that turn the direction of what follows would
            // let a name rewrite its neighbours.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                text += "\u{FFFD}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Adds text that is markup already.
    mutating func write(markup: StaticString) { text += "\(markup)" }

    /// Adds an element, on lines of its own.
    mutating func element(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:],
        _ content: (inout Markup) -> Void
    ) {
        begin(name, attributes)
        text += ">"
        content(&self)
        text += "\n</\(name)>"
    }

    /// Adds an element that holds words.
    mutating func element(
        _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], text words: String
    ) {
        begin(name, attributes)
        text += ">"
        write(words)
        text += "</\(name)>"
    }

    /// Adds an element that is empty.
    mutating func empty(_ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:]) {
        begin(name, attributes)
        text += "/>"
    }

    private mutating func begin(_ name: StaticString, _ attributes: KeyValuePairs<StaticString, String>) {
        text += "\n<\(name)"
        for (attribute, value) in attributes {
            text += " \(attribute)=\""
            write(value)
            text += "\""
        }
    }
}
