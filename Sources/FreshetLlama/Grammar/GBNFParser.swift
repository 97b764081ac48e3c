internal import Freshet

/// Reads GBNF, llama.cpp's notation for grammars (its `grammars/README.md`).
///
/// What llama.cpp takes is taken, with two differences: a number of turns is counted, however large, where llama.cpp
/// lets everything over 2,000 be any number; and what could only be a mistake is refused, such as a class without a
/// character or a range that ends before it begins.
struct GBNFParser {
    /// What stands in a sequence.
    enum Item: Hashable {
        case literal([UInt8])
        case set(CodePointSet)
        case rule(Int32)
        case turns(rule: Int32, least: Int32, most: Int32)
        case token(Token)
        case notToken(Token)
    }

    /// The alternatives of a rule.
    typealias Rule = [[Item]]

    /// What was read. Rules are numbered; groups and what is repeated are rules without a name.
    struct Result {
        var rules: [Rule?] = []
        var names: [String: Int32] = [:]
    }

    /// The most bytes of a grammar, and the most groups in one another.
    static let limits = (bytes: 8 << 20, depth: 300)

    private let text: [UInt8]
    private let field: String
    private let token: (String) -> Token?
    private var place = 0
    private var depth = 0
    private var result = Result()

    /// - Parameter token: the token that a mark such as `<|end|>` names, if it is one.
    init(_ text: String, field: String, token: @escaping (String) -> Token?) {
        self.text = Array(text.utf8)
        self.field = field
        self.token = token
    }

    /// Reads the whole text.
    mutating func parse() throws(GenerationError) -> Result {
        guard text.count <= Self.limits.bytes else {
            throw .invalid(field, "has \(text.count) bytes; \(Self.limits.bytes) is the most")
        }
        skipSpace(overLines: true)
        while next != nil { try parseRule() }
        for (name, rule) in result.names.sorted(by: { $0.value < $1.value }) where result.rules[Int(rule)] == nil {
            throw .invalid(field, "names the rule \(name), which it does not have")
        }
        return result
    }

    // MARK: - Rules

    private mutating func parseRule() throws(GenerationError) {
        let rule = number(of: try parseName())
        skipSpace(overLines: false)
        guard text[place...].starts(with: "::=".utf8) else { throw complaint("::= must follow the rule's name") }
        place += 3
        skipSpace(overLines: true)
        result.rules[Int(rule)] = try parseAlternatives(isNested: false)
        guard next == nil || next == UInt8(ascii: "\n") || next == UInt8(ascii: "\r") else {
            throw complaint("the line must end here, but goes on with \(description)")
        }
        skipSpace(overLines: true)
    }

    private mutating func parseAlternatives(isNested: Bool) throws(GenerationError) -> Rule {
        var rule = [try parseSequence(isNested: isNested)]
        while take("|") {
            skipSpace(overLines: true)
            rule.append(try parseSequence(isNested: isNested))
        }
        return rule
    }

    private mutating func parseSequence(isNested: Bool) throws(GenerationError) -> [Item] {
        var items: [Item] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""): items.append(.literal(try parseLiteral()))
            case UInt8(ascii: "["): items.append(.set(try parseClass()))
            case UInt8(ascii: "."):
                place += 1
                items.append(.set(.all))
            case UInt8(ascii: "<"), UInt8(ascii: "!"): items.append(try parseToken())
            case UInt8(ascii: "("):
                place += 1
                depth += 1
                guard depth <= Self.limits.depth else {
                    throw complaint("there are more than \(Self.limits.depth) groups in one another")
                }
                skipSpace(overLines: true)
                let group = try parseAlternatives(isNested: true)
                guard take(")") else { throw complaint("a ) is missing") }
                depth -= 1
                items.append(.rule(add(group)))
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
                let (least, most) = try parseTurns()
                // As in llama.cpp, an empty literal is nothing that could be repeated.
                guard let item = items.popLast(), item != .literal([]) else {
                    throw complaint("there is nothing to repeat")
                }
                items.append(.turns(rule: add([[item]]), least: least, most: most))
            case _ where byte.isName: items.append(.rule(number(of: try parseName())))
            default: return items
            }
            skipSpace(overLines: isNested)
        }
        return items
    }

    private mutating func parseName() throws(GenerationError) -> String {
        let start = place
        while next?.isName == true { place += 1 }
        guard place > start else { throw complaint("a rule's name is missing before \(description)") }
        return String(decoding: text[start..<place], as: UTF8.self)
    }

    private mutating func number(of name: String) -> Int32 {
        if let number = result.names[name] { return number }
        let number = Int32(result.rules.count)
        result.rules.append(nil)
        result.names[name] = number
        return number
    }

    private mutating func add(_ rule: Rule) -> Int32 {
        result.rules.append(rule)
        return Int32(result.rules.count - 1)
    }

    // MARK: - What stands in them

    private mutating func parseTurns() throws(GenerationError) -> (least: Int32, most: Int32) {
        if take("*") { return (0, -1) }
        if take("+") { return (1, -1) }
        if take("?") { return (0, 1) }
        place += 1
        skipSpace(overLines: true)
        let least = try parseNumber()
        skipSpace(overLines: true)
        guard take(",") else {
            guard take("}") else { throw complaint("a } is missing") }
            return (least, least)
        }
        skipSpace(overLines: true)
        if take("}") { return (least, -1) }
        let most = try parseNumber()
        skipSpace(overLines: true)
        guard take("}") else { throw complaint("a } is missing") }
        guard most >= least else { throw complaint("{\(least),\(most)} ends before it begins") }
        return (least, most)
    }

    private mutating func parseNumber() throws(GenerationError) -> Int32 {
        var (number, start) = (Int32(0), place)
        while let byte = next, UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte {
            let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = tens.addingReportingOverflow(Int32(byte - UInt8(ascii: "0")))
            guard !isTooLarge, !overflows else { throw complaint("a number is larger than \(Int32.max)") }
            number = sum
            place += 1
        }
        guard place > start else { throw complaint("a number is missing before \(description)") }
        start = place
        return number
    }

    private mutating func parseLiteral() throws(GenerationError) -> [UInt8] {
        place += 1
        var bytes: [UInt8] = []
        while !take("\"") {
            let scalar = try parseScalar()
            guard scalar.value != 0 else { throw complaint("U+0000 cannot be written: no answer may hold it") }
            bytes += Array(String(Character(scalar)).utf8)
        }
        return bytes
    }

    private mutating func parseClass() throws(GenerationError) -> CodePointSet {
        place += 1
        let isNegative = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while !take("]") {
            let first = try parseScalar().value
            guard next == UInt8(ascii: "-"), place + 1 < text.count, text[place + 1] != UInt8(ascii: "]") else {
                ranges.append(first...first)
                continue
            }
            place += 1
            let last = try parseScalar().value
            guard last >= first else { throw complaint("a range of characters ends before it begins") }
            ranges.append(first...last)
        }
        guard !ranges.isEmpty else { throw complaint("a class needs at least one character") }
        let set = CodePointSet(ranges)
        return isNegative ? set.complement : set
    }

    private mutating func parseScalar() throws(GenerationError) -> Unicode.Scalar {
        guard take("\\") else {
            guard let scalar = scalarHere else { throw complaint("the text ends where a character is missing") }
            place += UTF8.width(scalar)
            return scalar
        }
        guard let byte = next else { throw complaint("the text ends where a character is missing") }
        place += 1
        switch byte {
        case UInt8(ascii: "x"): return try parseHexadecimal(2)
        case UInt8(ascii: "u"): return try parseHexadecimal(4)
        case UInt8(ascii: "U"): return try parseHexadecimal(8)
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "-"):
            return Unicode.Scalar(byte)
        default:
            place -= 1
            throw complaint("\\ cannot stand before \(description)")
        }
    }

    private mutating func parseHexadecimal(_ count: Int) throws(GenerationError) -> Unicode.Scalar {
        let digits = String(decoding: text[place...].prefix(count), as: UTF8.self)
        guard digits.utf8.count == count, let value = UInt32(digits, radix: 16), !digits.hasPrefix("+") else {
            throw complaint("\(count) hexadecimal digits must follow")
        }
        guard let scalar = Unicode.Scalar(value) else { throw complaint("\(digits) is no character's number") }
        place += count
        return scalar
    }

    private mutating func parseToken() throws(GenerationError) -> Item {
        let isNegative = take("!")
        let start = place
        guard take("<") else { throw complaint("a token in < and > must follow the !") }
        let found: Token
        if take("[") {
            found = try parseNumber()
            guard take("]"), take(">") else { throw complaint("]> must follow the token's number") }
        } else {
            while let byte = next, byte != UInt8(ascii: ">") {
                _ = byte
                place += 1
            }
            guard take(">") else { throw complaint("a > is missing") }
            let name = String(decoding: text[start..<place], as: UTF8.self)
            guard let named = token(name) else { throw complaint("\(name.prefix(64)) is not one token of the model") }
            found = named
        }
        return isNegative ? .notToken(found) : .token(found)
    }

    // MARK: - Bytes

    private var next: UInt8? { place < text.count ? text[place] : nil }

    /// The character here. The text is valid UTF-8, as every string's is.
    private var scalarHere: Unicode.Scalar? {
        let end = min(text.count, place + 4)
        return String(decoding: text[place..<end], as: UTF8.self).unicodeScalars.first
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func skipSpace(overLines: Bool) {
        while let byte = next {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): place += 1
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                guard overLines else { return }
                place += 1
            case UInt8(ascii: "#"):
                while let byte = next, byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") {
                    _ = byte
                    place += 1
                }
            default: return
            }
        }
    }

    /// What stands here, in words.
    private var description: String {
        guard let scalar = scalarHere else { return "the end" }
        return scalar.value < 0x20 || scalar.value == 0x7F ? "a control character" : "“\(scalar)”"
    }

    private func complaint(_ complaint: String) -> GenerationError {
        let line = text[..<place].count { $0 == UInt8(ascii: "\n") } + 1
        return .invalid(field, "cannot be read in line \(line): \(complaint)")
    }
}

extension UInt8 {
    /// Whether the byte may stand in a rule's name.
    fileprivate var isName: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
