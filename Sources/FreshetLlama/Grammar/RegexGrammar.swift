internal import Freshet

/// Writes a regular expression, in the notation of JavaScript that JSON Schema asks for, as an expression of GBNF.
///
/// What a grammar has no equal for is refused: looking around, references back, borders of words, flags, and anchors
/// anywhere but at the ends of the whole or of one of its alternatives.
struct RegexGrammar {
    /// What the texts that match are part of.
    enum Place {
        /// The whole answer is one of them.
        case answer
        /// A string of JSON is one of them, or holds one where the expression has no anchors: the notation of strings,
        /// without their quotes.
        case jsonString
    }

    /// The most groups in one another.
    private static let depthLimit = 64

    private let text: [Unicode.Scalar]
    private let place: Place
    private var position = 0
    private var depth = 0

    /// Writes an expression.
    ///
    /// - Throws: ``RegexComplaint`` that says what is wrong, to follow the name of the field.
    static func expression(of regex: String, as place: Place) throws(RegexComplaint) -> String {
        var writer = RegexGrammar(text: Array(regex.unicodeScalars), place: place)
        var alternatives: [String] = []
        repeat {
            alternatives.append(try writer.wholeAlternative())
        } while writer.take("|")
        guard writer.next != ")" else { throw RegexComplaint(malformed: "has a ) without its (") }
        guard writer.next == nil else { throw RegexComplaint("has an anchor inside") }
        return "(" + alternatives.joined(separator: " | ") + ")"
    }

    private init(text: [Unicode.Scalar], place: Place) { (self.text, self.place) = (text, place) }

    /// An alternative of the whole expression, with what its anchors leave open.
    private mutating func wholeAlternative() throws(RegexComplaint) -> String {
        let isOpen = place == .jsonString
        let anything = try write(.all) + "*"
        let begins = take("^")
        let middle = try sequence()
        let ends = take("$")
        guard ends || next == nil || next == "|" || next == ")" else { throw RegexComplaint("has an anchor inside") }
        return [isOpen && !begins ? anything : "", middle, isOpen && !ends ? anything : ""]
            .filter { !$0.isEmpty }.joined(separator: " ")
    }

    private mutating func alternatives() throws(RegexComplaint) -> String {
        var all = [try sequence()]
        while take("|") { all.append(try sequence()) }
        return "(" + all.joined(separator: " | ") + ")"
    }

    private mutating func sequence() throws(RegexComplaint) -> String {
        var items: [String] = []
        while let scalar = next, scalar != "|", scalar != ")", scalar != "$" {
            items.append(try atom() + (try turns()))
        }
        return items.isEmpty ? "\"\"" : items.joined(separator: " ")
    }

    private mutating func atom() throws(RegexComplaint) -> String {
        guard let scalar = next else { throw RegexComplaint(malformed: "ends too early") }
        position += 1
        switch scalar {
        case "(":
            depth += 1
            guard depth <= Self.depthLimit else {
                throw RegexComplaint("has more than \(Self.depthLimit) groups in one another")
            }
            if take("?") {
                guard take(":") else { throw RegexComplaint("has a group of a kind that a grammar cannot follow: (?") }
            }
            let group = try alternatives()
            guard next != "$" else { throw RegexComplaint("has an anchor inside") }
            guard take(")") else { throw RegexComplaint(malformed: "has a ( without its )") }
            depth -= 1
            return group
        case "[": return try write(try characterClass())
        case ".": return try write(CodePointSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]).complement)
        case "\\": return try write(try escape())
        case "^": throw RegexComplaint("has an anchor inside")
        case "*", "+", "?": throw RegexComplaint(malformed: "has a \(scalar) that repeats nothing")
        case "{", "}", "]": throw RegexComplaint("has a \(scalar) that needs a \\ before it")
        default: return try write(CodePointSet(scalar))
        }
    }

    /// How often the atom before comes.
    private mutating func turns() throws(RegexComplaint) -> String {
        let found: String
        switch next {
        case "*", "+", "?":
            found = String(text[position])
            position += 1
        case "{":
            position += 1
            var body = ""
            while let scalar = next, scalar != "}" {
                body.unicodeScalars.append(scalar)
                position += 1
            }
            let numbers = body.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let isNumber = { (text: String) in text.count < 8 && Int(text) != nil && !text.hasPrefix("+") }
            guard take("}"), numbers.count <= 2, isNumber(numbers[0]),
                numbers.count == 1 || numbers[1].isEmpty || isNumber(numbers[1])
            else { throw RegexComplaint("has a { that begins no number of turns") }
            if numbers.count == 2, let least = Int(numbers[0]), let most = Int(numbers[1]), most < least {
                throw RegexComplaint(malformed: "has {\(body)}, which ends before it begins")
            }
            found = "{\(body)}"
        default: return ""
        }
        // Whether as many turns as possible are taken, or as few, makes no other texts.
        _ = take("?")
        if let next, ["*", "+", "?", "{"].contains(next) {
            throw RegexComplaint(malformed: "repeats a repetition")
        }
        return found
    }

    private mutating func characterClass() throws(RegexComplaint) -> CodePointSet {
        let isNegative = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while !take("]") {
            let first = try classItem()
            guard next == "-", position + 1 < text.count, text[position + 1] != "]" else {
                ranges += first.ranges
                continue
            }
            position += 1
            let last = try classItem()
            guard let low = first.only, let high = last.only else {
                // Between classes a - is only that, as JavaScript reads it without flags.
                ranges += first.ranges + last.ranges + CodePointSet("-").ranges
                continue
            }
            guard low <= high else {
                throw RegexComplaint(malformed: "has a range of characters that ends before it begins")
            }
            ranges.append(low...high)
        }
        let set = CodePointSet(ranges)
        return isNegative ? set.complement : set
    }

    private mutating func classItem() throws(RegexComplaint) -> CodePointSet {
        guard let scalar = next else { throw RegexComplaint(malformed: "has a [ without its ]") }
        position += 1
        if scalar == "\\", take("b") { return CodePointSet([8...8]) }
        return scalar == "\\" ? try escape() : CodePointSet(scalar)
    }

    private mutating func escape() throws(RegexComplaint) -> CodePointSet {
        guard let scalar = next else { throw RegexComplaint(malformed: "ends with a \\") }
        position += 1
        switch scalar {
        case "d": return .digits
        case "D": return CodePointSet.digits.complement
        case "w": return .wordCharacters
        case "W": return CodePointSet.wordCharacters.complement
        case "s": return .spaces
        case "S": return CodePointSet.spaces.complement
        case "t": return CodePointSet([9...9])
        case "n": return CodePointSet([10...10])
        case "v": return CodePointSet([11...11])
        case "f": return CodePointSet([12...12])
        case "r": return CodePointSet([13...13])
        case "x": return CodePointSet(try hexadecimal(2))
        case "u": return CodePointSet(try hexadecimal(4))
        case "a"..."z", "A"..."Z", "0"..."9":
            throw RegexComplaint("has \\\(scalar), which a grammar cannot follow")
        default: return CodePointSet(scalar)
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(RegexComplaint) -> Unicode.Scalar {
        var digits = ""
        for scalar in text[position...].prefix(count) { digits.unicodeScalars.append(scalar) }
        guard digits.utf8.count == count, !digits.hasPrefix("+"), let value = UInt32(digits, radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw RegexComplaint("has an escape that is no character's number") }
        position += count
        return scalar
    }

    // MARK: - Writing

    /// A character of a set, as the place writes it.
    private func write(_ set: CodePointSet) throws(RegexComplaint) -> String {
        guard place == .jsonString else {
            guard !set.ranges.isEmpty else { throw RegexComplaint("has a class that no character is in") }
            return Self.characterClass(set)
        }
        // In a string of JSON some characters stand behind a \.
        let plain = CodePointSet(set.complement.ranges + [0...0x1F, 0x22...0x22, 0x5C...0x5C, 0x7F...0x7F]).complement
        var ways = plain.ranges.isEmpty ? [] : [Self.characterClass(plain)]
        let escapes: [(UInt32, String)] = [
            (0x22, #""\\\"""#), (0x5C, #""\\\\""#), (0x08, #""\\b""#), (0x09, #""\\t""#), (0x0A, #""\\n""#),
            (0x0C, #""\\f""#), (0x0D, #""\\r""#),
        ]
        for (scalar, text) in escapes where set.coverage(of: scalar...scalar) == .whole { ways.append(text) }
        guard !ways.isEmpty else { throw RegexComplaint("has a class that no character of a string is in") }
        return ways.count == 1 ? ways[0] : "(" + ways.joined(separator: " | ") + ")"
    }

    private static func characterClass(_ set: CodePointSet) -> String {
        func name(_ scalar: UInt32) -> String {
            let digits = String(scalar, radix: 16)
            return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
        return "["
            + set.ranges.map { $0.count == 1 ? name($0.lowerBound) : "\(name($0.lowerBound))-\(name($0.upperBound))" }
            .joined() + "]"
    }

    // MARK: - Characters

    private var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }
}

/// What is wrong with a regular expression, to follow what it is called: "has a ) without its (".
struct RegexComplaint: Error {
    let text: String
    /// Whether it is no regular expression in any notation, and not only one that a grammar cannot follow.
    let isMalformed: Bool
    init(_ text: String) { (self.text, isMalformed) = (text, false) }
    init(malformed text: String) { (self.text, isMalformed) = (text, true) }
}

extension CodePointSet {
    /// One scalar.
    fileprivate init(_ scalar: Unicode.Scalar) { self.init([scalar.value...scalar.value]) }

    /// The number of the only scalar in the set.
    fileprivate var only: UInt32? { ranges.count == 1 && ranges[0].count == 1 ? ranges[0].lowerBound : nil }

    fileprivate static let digits = CodePointSet([0x30...0x39])
    fileprivate static let wordCharacters = CodePointSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    fileprivate static let spaces = CodePointSet([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
}
