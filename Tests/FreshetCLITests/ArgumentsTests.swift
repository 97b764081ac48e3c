import Testing

@testable import FreshetCLI

/// The parser: arguments to values, help from declarations.
struct ArgumentsTests {
    struct Values: Equatable {
        enum Shape: String, CaseIterable { case round, square }
        var name: String?
        var count = 3
        var share: Float = 0.5
        var isLoud = false
        var usesMap = true
        var shape = Shape.round
        var words: [String] = []
        var sizes = [1, 2]
    }

    static var syntax: Syntax<Values> {
        Syntax(
            name: "try", summary: "Try things", defaults: Values(),
            operand: Operand(placeholder: "NAME", isRequired: false, help: "a name", path: \.name),
            groups: [
                OptionGroup(
                    title: "Options",
                    options: [
                        .integer("-n", "--count", in: 0...10, path: \.count, help: "how many"),
                        .number("--share", in: 0...1, path: \.share, help: "how much"),
                        .flag("--loud", path: \.isLoud, help: "be loud"),
                        .flag("--no-map", path: \.usesMap, sets: false, help: "use no map"),
                        .numbers("--sizes", in: 0...9, path: \.sizes, help: "which sizes"),
                        .choice("--shape", path: \.shape, help: "the shape"),
                        .text("-w", "--word", placeholder: "WORD", help: "a word") { values, text, _ in
                            values.words.append(text)
                        },
                    ])
            ], notes: ["A note."])
    }

    @Test func nothingTypedGivesTheDefaults() throws {
        #expect(try Self.syntax.parse([]) == Values())
    }

    @Test func everyWayToWriteAnOption() throws {
        var expected = Values()
        (expected.count, expected.share, expected.isLoud, expected.usesMap) = (7, 0.25, true, false)
        (expected.shape, expected.words, expected.name) = (.square, ["a", "b=c", ""], "Ada")
        expected.sizes = [9, 0, 9]
        let typed = [
            "--count=7", "--share", "0.25", "Ada", "--loud", "--no-map", "--shape", "square", "-w", "a", "--word=b=c",
            "-w=", "--sizes", "9,0,9",
        ]
        #expect(try Self.syntax.parse(typed) == expected)
    }

    @Test func theLastOfTwoCounts() throws {
        #expect(try Self.syntax.parse(["-n", "1", "--count", "2"])?.count == 2)
        #expect(try Self.syntax.parse(["--loud", "--loud=off"])?.isLoud == false)
    }

    @Test func afterTwoDashesNothingIsAnOption() throws {
        #expect(try Self.syntax.parse(["-n", "1", "--", "--loud"])?.name == "--loud")
        #expect(try Self.syntax.parse(["-"])?.name == "-")
    }

    @Test(arguments: [["-h"], ["--help"], ["-n", "4", "--help"], ["Ada", "-h", "--nonsense"]])
    func helpIsAskedForAnywhere(typed: [String]) throws {
        #expect(try Self.syntax.parse(typed) == nil)
    }

    @Test(
        arguments: [
            (["--count", "11"], "--count must be from 0 to 10, but is 11."),
            (["-n", "-1"], "-n must be from 0 to 10, but is -1."),
            (
                ["-n", "99999999999999999999"],
                "-n needs a whole number (from 0 to 10), but got “99999999999999999999”."
            ),
            (["--count", "x"], "--count needs a whole number (from 0 to 10), but got “x”."),
            (["--share", "nan"], "--share needs a number (from 0 to 1), but got “nan”."),
            (["--share", "1.5"], "--share must be from 0 to 1, but is 1.5."),
            (["--count"], "--count needs a value: --count N."),
            (["--word", "--loud"], "--word needs a value, but --loud follows; to mean it, write --word=--loud."),
            (
                ["--sizes", "1,10"],
                "--sizes needs whole numbers (from 0 to 9) with a comma between them, but got “10”."
            ), (["--sizes="], "--sizes needs whole numbers with a comma between them, but got “”."),
            (["--loud=maybe"], "--loud is on or off, not “maybe”."),
            (["--shape", "flat"], "--shape must be round, square, but is “flat”."),
            (["--cuont", "1"], "try has no option --cuont; did you mean --count?"),
            (["--sha"], "try has no option --sha; did you mean --share?"),
            (["-count", "1"], "try has no option -count; did you mean --count?"),
            (["--quite-other"], "try has no option --quite-other."),
            (["one", "two"], "try takes one NAME, but got “one” and “two”; put text with spaces in quotes."),
        ])
    func aMistakeGetsASentence(typed: [String], sentence: String) {
        #expect(throws: UsageError(message: sentence)) { try Self.syntax.parse(typed) }
    }

    @Test func aNeededOperandIsAskedFor() {
        var syntax = Self.syntax
        syntax.operand?.isRequired = true
        #expect(throws: UsageError(message: "try needs a NAME: freshet try NAME.")) { try syntax.parse(["--loud"]) }
        syntax.operand = nil
        #expect(throws: UsageError(message: "try takes options only, but got “Ada”.")) { try syntax.parse(["Ada"]) }
    }

    @Test func operandsMayBeMany() throws {
        var syntax = Self.syntax
        syntax.operand = Operand(placeholder: "WORD", help: "words", path: \.words)
        #expect(try syntax.parse([])?.words == [])
        #expect(try syntax.parse(["one", "--loud", "two", "--", "-n"])?.words == ["one", "two", "-n"])
        #expect(syntax.help(width: 80).contains("Usage: freshet try [OPTION]… [WORD]…\n"))
    }

    @Test func anOptionMayGiveTheOperandButNotTwice() throws {
        var syntax = Self.syntax
        syntax.groups.append(
            OptionGroup(
                title: "More",
                options: [
                    .text("--name", placeholder: "NAME", help: "the name") { values, text, _ in values.name = text }
                ]))
        syntax.operand?.isRequired = true
        #expect(try syntax.parse(["--name", "Ada"])?.name == "Ada")
        #expect(throws: UsageError(message: "NAME is given twice: as “Ada” and as “Eve”.")) {
            try syntax.parse(["Eve", "--name", "Ada"])
        }
    }

    @Test(arguments: [60, 80, 200])
    func helpSaysAllAndFits(width: Int) {
        let help = Self.syntax.help(width: width)
        for word in [
            "Usage: freshet try", "[NAME]", "-n, --count N", "how many (3)", "how much (0.5)", "--sizes N,…",
            "which sizes (1,2)", "round|square",
            "A note.",
        ] {
            #expect(help.contains(word))
        }
        for line in help.split(separator: "\n") { #expect(line.count <= width) }
        #expect(help.hasSuffix("\n") && !help.hasSuffix("\n\n"))
    }

    @Test(arguments: [
        ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "abd", 1), ("abc", "ab", 1),
        ("kitten", "sitting", 3),
    ])
    func editDistance(one: String, other: String, distance: Int) {
        #expect(one.editDistance(to: other) == distance)
        #expect(other.editDistance(to: one) == distance)
    }

    @Test func aVeryLongWordHasNoNeighbour() {
        #expect(["--count"].nearest(to: String(repeating: "x", count: 100_000)) == nil)
    }
}
