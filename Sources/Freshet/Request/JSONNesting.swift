internal import Foundation

/// How deep JSON text is nested, without reading it: for bounds that hold before a parser, which recurses, sees it.
enum JSONNesting {
    /// The most lists and objects that are open at once. In text that is no JSON it is still an upper bound of what a
    /// parser that stops at the first mistake would see.
    static func depth(of text: String) -> Int {
        var (depth, deepest) = (0, 0)
        var (isString, isEscaped) = (false, false)
        for byte in text.utf8 {
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return deepest
    }

    /// Whether a text is a JSON value. It is read, so that its ``depth(of:)`` is to be known.
    static func isValue(_ text: String) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil
    }

    /// Whether a text begins and ends as a JSON object does.
    static func isObject(_ text: String) -> Bool {
        func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
        return text.utf8.first { !isSpace($0) } == UInt8(ascii: "{")
            && text.utf8.last { !isSpace($0) } == UInt8(ascii: "}")
    }
}
