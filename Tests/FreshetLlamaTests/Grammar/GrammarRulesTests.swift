import Freshet
import Testing

@testable import FreshetLlama

struct GrammarRulesTests {
    /// A grammar, texts of it, and texts that are none.
    struct Case: Sendable, CustomTestStringConvertible {
        var grammar: String
        var texts: [String]
        var others: [String]
        var testDescription: String { grammar }

        init(_ grammar: String, _ texts: [String], not others: [String]) {
            (self.grammar, self.texts, self.others) = (grammar, texts, others)
        }
    }

    static let cases = [
        Case(#"root ::= "abc""#, ["abc"], not: ["", "ab", "abcd", "ABC"]),
        Case(#"root ::= "a" | "bc" | """#, ["", "a", "bc"], not: ["b", "abc", "aa"]),
        Case(#"root ::= [a-cx] [^a-c]"#, ["ad", "x\n", "c🌱"], not: ["aa", "d", "yx", "a"]),
        Case(#"root ::= [-a] [a-] [\]\\\-]"#, ["-a]", "a--", "aa\\"], not: ["b-]", "-b]", "-a["]),
        Case(#"root ::= "\x41\u00e9\U0001F331\t\r\n\\\"\[\]""#, ["Aé🌱\t\r\n\\\"[]"], not: ["Ae🌱\t\r\n\\\"[]"]),
        Case(#"root ::= .{2}"#, ["é🌱", "ab", "\n\n"], not: ["a", "abc", ""]),
        Case(#"root ::= "a"* "b"+ "c"?"#, ["b", "aabbc", "abb"], not: ["", "a", "ac", "bcc"]),
        Case(#"root ::= "ab"{2,3}"#, ["abab", "ababab"], not: ["ab", "abababab", "aab"]),
        Case(#"root ::= "a"{3} "b"{2,} "c"{0,0}"#, ["aaabb", "aaabbbb"], not: ["aabb", "aaab", "aaabbc"]),
        Case(#"root ::= ("a" | "b"){ 1 , 2 }"#, ["a", "ba"], not: ["", "aba"]),
        Case(#"root ::= ("a"? "b"?)*"#, ["", "ab", "ba", "bbaa"], not: ["c", "abc"]),
        Case(#"root ::= ("a"?){3,5} "b""#, ["b", "ab", "aaaaab"], not: ["aaaaaab", "a"]),
        Case(#"root ::= ("a" | "aa"){2,3}"#, ["aa", "aaa", "aaaaaa"], not: ["a", "aaaaaaa"]),
        Case("root ::= # a comment\n  \"a\" (\n \"b\" # another\n | \"c\" )\n", ["ab", "ac"], not: ["a", "abc"]),
        Case("root ::= item | item \",\" root\nitem ::= [0-9]+", ["1", "1,22,3"], not: ["", ",", "1,"]),
        Case("root ::= \"(\" root \")\" | \"\"", ["", "()", "((()))"], not: ["(", "())", ")("]),
        Case("root ::= x*\nx ::= \"a\" x \"b\" | \"ab\"", ["", "ab", "aabbab"], not: ["a", "abb", "ba"]),
        // The last rule of a name stands.
        Case("root ::= x\nx ::= \"a\"\nx ::= \"b\"", ["b"], not: ["a"]),
        Case("root ::= [\\u0100-\\u0180] [^\\x00-\\x7F]", ["Āé", "ſ🌱"], not: ["ÿé", "ƁA", "Āa"]),
    ]

    @Test(arguments: cases)
    func textsAreReadAndOthersAreNot(_ example: Case) throws {
        let reading = try GrammarReading(example.grammar)
        for text in example.texts { #expect(reading.verdict(text) == .whole, "\(text.debugDescription)") }
        for text in example.others { #expect(reading.verdict(text) != .whole, "\(text.debugDescription)") }
    }

    @Test func aNumberOfTurnsIsCountedHoweverLarge() throws {
        let reading = try GrammarReading(#"root ::= [a]{0,100000} "b"{70000}"#)
        let text = String(repeating: "a", count: 5000) + String(repeating: "b", count: 70_000)
        #expect(reading.verdict(text) == .whole)
        #expect(reading.verdict(text + "b") == .refused(after: 75_000))
        #expect(reading.verdict(String(text.dropLast())) == .beginning)
    }

    @Test func bytesThatAreNoTextAreRefusedAtTheFirst() throws {
        let reading = try GrammarReading("root ::= .*")
        let cases: [([UInt8], GrammarReading.Verdict)] = [
            ([0xE2, 0x82, 0xAC], .whole), ([0xE2, 0x82], .beginning), ([0x80], .refused(after: 0)),
            ([0xC0, 0xAF], .refused(after: 0)), ([0xE0, 0x80], .refused(after: 1)), ([0xED, 0xA0], .refused(after: 1)),
            ([0xF0, 0x8F], .refused(after: 1)), ([0xF4, 0x90], .refused(after: 1)), ([0xF5], .refused(after: 0)),
            ([0xF4, 0x8F, 0xBF, 0xBF], .whole), ([0x00], .refused(after: 0)), ([0xC3, 0x41], .refused(after: 1)),
        ]
        for (bytes, verdict) in cases { #expect(reading.verdict(bytes) == verdict, "\(bytes)") }
    }

    @Test(
        arguments: [
            ("", "has no rule named root"), ("a ::= \"b\"", "has no rule named root"),
            ("root ::= x", "names the rule x"), ("root ::= \"a", "line 1"),
            ("root ::=\n \"a\" )", "line 2: the line must"),
            ("root ::= [", "line 1"), ("root ::= []", "at least one character"), ("root ::= [z-a]", "before it begins"),
            ("root ::= \"\\q\"", "\\ cannot stand before"), ("root ::= \"\\uD800\"", "no character's number"),
            ("root ::= \"\\x4\"", "2 hexadecimal digits"), ("root ::= \"\\x00\"", "U+0000"),
            ("root ::= * \"a\"", "nothing"),
            ("root ::= \"\"*", "nothing to repeat"), ("root ::= \"a\"{3,2}", "before it begins"),
            ("root ::= \"a\"{,2}", "a number is missing"), ("root ::= \"a\"{99999999999}", "larger than"),
            ("root ::= (\"a\"", "a ) is missing"), ("root = \"a\"", "::= must follow"),
            ("root ::= <[1>", "]> must follow"),
            ("root ::= <nothing>", "not one token"), ("root ::= root \"a\" | \"b\"", "root that can begin with itself"),
            ("root ::= a \"x\"\na ::= \"b\"? root", "begin with itself"),
            ("root ::= e e root | \"x\"\ne ::= f\nf ::= g*\ng ::= \"y\"", "begin with itself"),
            ("root ::= (root \"a\")*", "begin with itself"),
        ])
    func whatCannotBeUsedIsRefusedByASentence(_ grammar: String, _ part: String) throws {
        let error = #expect(throws: GenerationError.self) { try GrammarRules(Grammar(text: grammar)) }
        #expect(error?.code == .invalidRequest)
        #expect(error?.parameter == "grammar")
        let message = try #require(error?.message)
        #expect(message.contains(part), "\(message)")
        #expect(message.count < 300)
    }

    @Test func whatIsTooLargeIsRefused() {
        for (grammar, part) in [
            ("root ::= " + String(repeating: "(", count: 200_000), "more than 300 groups"),
            ("root ::= \"" + String(repeating: "a", count: 9 << 20) + "\"", "is the most"),
        ] {
            let error = #expect(throws: GenerationError.self) { try GrammarRules(Grammar(text: grammar)) }
            #expect(error?.message.contains(part) == true)
        }
    }

    /// Grammars with which llama.cpp's own matcher takes time or memory without bound.
    static let hostile: [(grammar: String, text: String)] = [
        // Two to the power of n lists of places to go on at.
        ("root ::= \"a\" root \"b\" | \"a\" root \"c\" | \"\"", String(repeating: "a", count: 100)),
        // As many ways to reach the same place, before the first byte.
        (
            "root ::= r0\n"
                + (0..<40).map { "r\($0) ::= r\($0 + 1) \"x\" | r\($0 + 1) \"y\"\n" }.joined() + "r40 ::= \"a\"\n", "a"
        ),
        // Rules that lead to others, deeper than a stack.
        (
            "root ::= r0\n" + (0..<20_000).map { "r\($0) ::= r\($0 + 1) \"x\"?\n" }.joined() + "r20000 ::= \"a\"\n",
            "a"
        ),
        ("root ::= ((((\"a\"?){0,99999}){0,99999}){0,99999}){0,99999}", String(repeating: "a", count: 100)),
        ("root ::= ((((\"a\"*)*)*)*)*", String(repeating: "a", count: 300)),
        ("root ::= (\"a\" | \"aa\" | \"aaa\"){0,1000000}", String(repeating: "a", count: 300)),
        ("root ::= (\"a\"* \"a\"*){1000000}", String(repeating: "a", count: 100)),
        ("root ::= \"(\" root \")\" | \"a\"", String(repeating: "(", count: 20_000)),
    ]

    @Test(.timeLimit(.minutes(2)), arguments: 0..<8)
    func aHostileGrammarIsFollowedOrGivenUp(_ number: Int) throws {
        let (grammar, text) = Self.hostile[number]
        let rules = try GrammarRules(Grammar(text: grammar))
        var automaton = GrammarAutomaton(rules)
        var state = automaton.start()
        for byte in text.utf8 where state != GrammarAutomaton.dead {
            state = automaton.step(state, byte)
            guard state != GrammarAutomaton.dead else { break }
            state = automaton.tidy(state) ?? state
        }
        // All of these texts are beginnings: they are read, or the grammar was given up.
        #expect((state == GrammarAutomaton.dead) == automaton.isExhausted)
    }
}
