import Testing

@testable import FreshetCLI

struct PrintableTextTests {
    @Test(arguments: [
        ("plain\n\ttext é 😀", "plain\n\ttext é 😀", "plain\\n\\ttext é 😀"),
        ("\u{1B}[31mred", "\\u{1B}[31mred", "\\u{1B}[31mred"),
        ("a\r\nb", "a\\r\nb", "a\\r\\nb"), ("\u{7F}\u{9B}2J\u{0}", "\\u{7F}\\u{9B}2J\\u{0}", "\\u{7F}\\u{9B}2J\\u{0}"),
        ("", "", ""),
    ])
    func controlCharactersBecomeVisible(text: String, printable: String, line: String) {
        #expect(text.printable == printable)
        #expect(text.printableLine == line)
    }

    @Test func noControlCharacterIsLeft() {
        let all = String(String.UnicodeScalarView((0...0x200).compactMap { Unicode.Scalar($0) }))
        for scalar in all.printable.unicodeScalars where scalar != "\n" && scalar != "\t" {
            #expect(scalar.properties.generalCategory != .control)
        }
    }

    @Test(arguments: [
        (#"a\nb\tc\\n\"\'"#, "a\nb\tc\\n\"'"), (#"\x41\x7e\x80\xg"#, "A~\\x80\\xg"), (#"\q\"#, "\\q\\"),
        (#"\x4"#, "\\x4"), ("", ""),
    ])
    func escapesAreRead(text: String, unescaped: String) { #expect(text.unescaped == unescaped) }

    @Test(
        arguments: [
            ([0x41], "'A'"), ([0x0A], "'\\n'"), ([0xF0, 0x9F], "'\\xF0\\x9F'"),
            ([0x41, 0xFF, 0x1B], "'A\\xFF\\u{1B}'"), ([], "''"),
        ] as [([UInt8], String)])
    func piecesOfTokens(bytes: [UInt8], piece: String) { #expect(Tokenize.piece(bytes) == piece) }
}
