extension String {
    /// The text with `\n`, `\r`, `\t`, `\\`, `\'`, `\"` and `\xHH` (a byte below 80) replaced by what they stand for;
    /// anything else after a backslash stays as it is.
    var unescaped: String {
        var result = ""
        var rest = self[...]
        while let character = rest.popFirst() {
            guard character == "\\", let code = rest.popFirst() else {
                result.append(character)
                continue
            }
            switch code {
            case "n": result += "\n"
            case "r": result += "\r"
            case "t": result += "\t"
            case "\\", "'", "\"": result.append(code)
            case "x":
                if let byte = UInt8(rest.prefix(2), radix: 16), byte < 0x80, rest.count >= 2 {
                    result.unicodeScalars.append(Unicode.Scalar(byte))
                    rest = rest.dropFirst(2)
                } else {
                    result += "\\x"
                }
            default: result += "\\\(code)"
            }
        }
        return result
    }
}
