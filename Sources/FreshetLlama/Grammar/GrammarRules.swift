internal import Freshet

/// A grammar's rules as a matcher walks them: sequences of elements, one after the other in one list.
///
/// A value, made once for a request and shared by its answers.
struct GrammarRules: Sendable {
    /// What stands in a sequence.
    enum Element: Sendable, Hashable {
        /// The end of the sequence.
        case end
        /// A character, whose first byte a state of ``bytes`` reads.
        case character(Int16)
        /// A rule.
        case rule(Int32)
        /// A rule again and again: at least `least` times, and at most `most` times, where that is not negative.
        case turns(rule: Int32, least: Int32, most: Int32)
        /// A token by its number.
        case token(Token)
        /// Any token but that one.
        case notToken(Token)
    }

    /// All sequences.
    private(set) var elements: [Element] = []
    /// For each rule where its sequences begin, of which it is one.
    private(set) var alternatives: [[Int32]] = []
    /// How the elements read bytes.
    private(set) var bytes = ByteTable()
    /// The rule that is the whole text.
    private(set) var root: Int32 = 0

    /// Makes the rules of a grammar.
    ///
    /// - Parameter token: the token that a mark such as `<|end|>` names, if it is one.
    /// - Throws: ``GenerationError`` with code `invalidRequest` that says in which line what is wrong, or which limit is
    ///   passed.
    init(_ grammar: Grammar, token: @escaping (String) -> Token? = { _ in nil }) throws(GenerationError) {
        var parser = GBNFParser(grammar.text, field: grammar.field, token: token)
        let parsed = try parser.parse()
        guard let root = parsed.names[grammar.root], parsed.rules[Int(root)] != nil else {
            throw .invalid(grammar.field, "has no rule named \(grammar.root)")
        }
        self.root = root
        for rule in parsed.rules {
            // The parser leaves none out: those that are only named are refused there.
            alternatives.append([])
            guard let rule else { continue }
            for sequence in rule {
                let start = Int32(elements.count)
                for item in sequence { try append(item, field: grammar.field) }
                elements.append(.end)
                alternatives[alternatives.count - 1].append(start)
            }
        }
        try checkTurns(of: parsed, field: grammar.field)
    }

    private mutating func append(_ item: GBNFParser.Item, field: String) throws(GenerationError) {
        switch item {
        case .literal(let text):
            for byte in text { elements.append(.character(try state(bytes.start(byte: byte), field: field))) }
        case .set(let set): elements.append(.character(try state(bytes.start(set), field: field)))
        case .rule(let rule): elements.append(.rule(rule))
        case .turns(let rule, let least, let most): elements.append(.turns(rule: rule, least: least, most: most))
        case .token(let token): elements.append(.token(token))
        case .notToken(let token): elements.append(.notToken(token))
        }
    }

    private func state(_ state: Int16?, field: String) throws(GenerationError) -> Int16 {
        guard let state else { throw .invalid(field, "has too many different sets of characters") }
        return state
    }

    /// Looks for what a matcher could not end: a rule that begins with itself. And lets what may be empty be repeated
    /// no times, because any number of its turns may be empty.
    private mutating func checkTurns(of parsed: GBNFParser.Result, field: String) throws(GenerationError) {
        let isEmpty = emptyRules()
        for (place, element) in elements.enumerated() {
            if case .turns(let rule, _, let most) = element, isEmpty[Int(rule)] {
                elements[place] = .turns(rule: rule, least: 0, most: most)
            }
        }
        if let rule = leftRecursiveRule(isEmpty) {
            let name = parsed.names.first { $0.value == rule }?.key
            throw .invalid(
                field,
                "has \(name.map { "the rule \($0)" } ?? "a group") that can begin with itself: write the repetition with "
                    + "* or +, or let the rule begin with something else")
        }
    }

    /// For each rule whether it may be empty.
    private func emptyRules() -> [Bool] {
        var isEmpty = [Bool](repeating: false, count: alternatives.count)
        let sequences = alternatives.indices.flatMap { rule in alternatives[rule].map { (rule: rule, start: Int($0)) } }
        // Each sequence waits for the first rule in it that is not known to be empty, so that this takes time in
        // proportion to the elements.
        var waiting = [[Int]](repeating: [], count: alternatives.count)
        var pending = Array(sequences.indices)
        while let number = pending.popLast() {
            let (rule, start) = sequences[number]
            guard !isEmpty[rule] else { continue }
            var place = start
            walk: while true {
                switch elements[place] {
                case .end:
                    isEmpty[rule] = true
                    pending += waiting[rule]
                    waiting[rule] = []
                    break walk
                case .turns(_, 0, _): break
                case .rule(let other), .turns(let other, _, _):
                    guard isEmpty[Int(other)] else {
                        waiting[Int(other)].append(number)
                        break walk
                    }
                case .character, .token, .notToken: break walk
                }
                place += 1
            }
        }
        return isEmpty
    }

    /// A rule that can come up again before a byte is read.
    private func leftRecursiveRule(_ isEmpty: [Bool]) -> Int32? {
        let first = alternatives.map { starts in
            starts.flatMap { start -> [Int32] in
                var (rules, place) = ([Int32](), Int(start))
                while true {
                    switch elements[place] {
                    case .rule(let rule):
                        rules.append(rule)
                        guard isEmpty[Int(rule)] else { return rules }
                    case .turns(let rule, let least, _):
                        rules.append(rule)
                        guard isEmpty[Int(rule)] || least == 0 else { return rules }
                    case .end, .character, .token, .notToken: return rules
                    }
                    place += 1
                }
            }
        }
        enum Mark { case new, open, done }
        var marks = [Mark](repeating: .new, count: first.count)
        for rule in first.indices where marks[rule] == .new {
            // The way down, with a stack of our own: rules may be nested deeper than a thread's.
            var way = [(rule: rule, next: 0)]
            marks[rule] = .open
            while let (rule, next) = way.last {
                guard next < first[rule].count else {
                    marks[rule] = .done
                    way.removeLast()
                    continue
                }
                way[way.count - 1].next += 1
                let child = Int(first[rule][next])
                if marks[child] == .open { return Int32(child) }
                if marks[child] == .new {
                    marks[child] = .open
                    way.append((child, 0))
                }
            }
        }
        return nil
    }
}
