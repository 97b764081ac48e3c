import Freshet
import FreshetTestSupport
import Testing

@Suite struct UTF8AssemblerTests {
    /// What the standard library's parser makes of the whole at once: the reference.
    private func reference(_ bytes: [UInt8]) -> (text: [UInt8], undecodable: [UndecodableBytes]) {
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        var text: [UInt8] = []
        var undecodable: [UndecodableBytes] = []
        var place = 0
        while true {
            switch parser.parseScalar(from: &rest) {
            case .valid(let scalar):
                text += scalar
                place += scalar.count
            case .error(let length):
                let stray = bytes[place..<place + length]
                place += length
                if undecodable.last?.offset == text.count {
                    undecodable[undecodable.count - 1].bytes += stray
                } else {
                    undecodable.append(UndecodableBytes(offset: text.count, bytes: Array(stray)))
                }
            case .emptyInput:
                return (text, undecodable)
            }
        }
    }

    private func assemble(_ pieces: [ArraySlice<UInt8>]) -> (text: [UInt8], undecodable: [UndecodableBytes]) {
        var assembler = UTF8Assembler()
        let text = pieces.flatMap { Array(assembler.append($0).utf8) }
        return (text, assembler.finish())
    }

    static let texts = [
        "", "plain ASCII", "naïve café, e\u{301}a\u{308}", "Привет, мир", "日本語の文字、한국어", "مرحبا بالعالم", "नमस्ते क्षत्रिय",
        "👩‍👩‍👧‍👦 and 🏳️‍🌈", "🇧🇷🇯🇵🇺🇳", "👍🏽!", "\u{0}\u{7F}\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}",
        "a model may mean \u{FFFD} itself",
    ]

    @Test(arguments: texts) func wholeTextAtEverySplit(_ text: String) {
        for pieces in EverySplit(text.utf8) {
            let (bytes, undecodable) = assemble(pieces)
            #expect(bytes == Array(text.utf8) && undecodable.isEmpty, "\(pieces)")
        }
    }

    static let damaged: [[UInt8]] = [
        [0x80], [0xBF, 0x41], [0x41, 0xFF, 0x42], [0xC0, 0x80], [0xC1, 0xBF, 0x41], [0xF5, 0x80, 0x80, 0x80],
        [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF, 0x41], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
        [0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80], [0xED, 0x9F, 0xBF, 0xED, 0xBF, 0xBF], [0xF4, 0x8F, 0xBF, 0xBF],
        [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82, 0x41, 0xE2, 0x82, 0xAC], [0xF0, 0x9F, 0xF0, 0x9F, 0x8D, 0x8B],
        [0xF0, 0x9F, 0x8D, 0xE2, 0x82, 0xC3, 0xA9], [0x41, 0xE2], [0x41, 0xE2, 0x82], [0xF0, 0x9F, 0x8D],
        [0x61, 0xF1, 0x80, 0x80, 0xE1, 0x80, 0xC2, 0x62, 0x80, 0x63, 0x80, 0xBF, 0x64],
    ]

    @Test(arguments: damaged) func damagedBytesAtEverySplit(_ bytes: [UInt8]) {
        let expected = reference(bytes)
        #expect(!expected.undecodable.isEmpty || bytes == [0xF4, 0x8F, 0xBF, 0xBF])
        for pieces in EverySplit(bytes) {
            let found = assemble(pieces)
            #expect(found.text == expected.text && found.undecodable == expected.undecodable, "\(pieces)")
        }
    }

    @Test func everyPairOfBytesIsJudgedAsTheStandardLibraryDoes() {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                for tail: [UInt8] in [[], [0x80], [0xBF, 0x80, 0x41]] {
                    let bytes = [first, second] + tail
                    let expected = reference(bytes)
                    let found = assemble([bytes[...]])
                    guard found.text == expected.text, found.undecodable == expected.undecodable else {
                        Issue.record("\(bytes): \(found), not \(expected)")
                        return
                    }
                }
            }
        }
    }

    @Test func randomBytesAtRandomSplits() {
        var generator = SeededGenerator(seed: 11)
        let alphabet: [UInt8] = [0x41, 0x80, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xE2, 0xED, 0xF0, 0xF4, 0xFF]
        for seed in 0..<400 {
            let bytes = (0..<24).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            let expected = reference(bytes)
            for pieces in EverySplit(bytes, randomCount: 1, seed: UInt64(seed)).suffix(1) {
                let found = assemble(pieces)
                #expect(found.text == expected.text && found.undecodable == expected.undecodable, "\(pieces)")
            }
        }
    }

    @Test func textAndStrayBytesTogetherAreTheModelsBytes() {
        let bytes = Self.damaged.flatMap { $0 + Array("–".utf8) }
        let (text, undecodable) = assemble([bytes[...]])
        var whole = text
        for run in undecodable.reversed() { whole.insert(contentsOf: run.bytes, at: run.offset) }
        #expect(whole == bytes)
    }

    @Test func aCharacterComesWithItsLastByteAndNotLater() {
        var assembler = UTF8Assembler()
        #expect(assembler.append([0x61, 0xF0, 0x9F]) == "a")
        #expect(assembler.append([0x8D]) == "")
        #expect(assembler.append([0x8B]) == "🍋")
        #expect(assembler.append([0xE2, 0x62]) == "b", "a stray byte does not block what follows it")
        #expect(assembler.append([]) == "")
        #expect(assembler.finish() == [UndecodableBytes(offset: 5, bytes: [0xE2])])
    }

    @Test func finishBeginsAnew() {
        var assembler = UTF8Assembler()
        _ = assembler.append([0x61, 0xFF, 0xE2, 0x82])
        #expect(assembler.finish() == [UndecodableBytes(offset: 1, bytes: [0xFF, 0xE2, 0x82])])
        #expect(assembler.append([0xAC, 0x62]) == "b")
        #expect(assembler.finish() == [UndecodableBytes(offset: 0, bytes: [0xAC])])
        #expect(assembler.finish().isEmpty)
    }

    @Test func takesCollectionsWithoutContiguousStorage() {
        var assembler = UTF8Assembler()
        #expect(assembler.append(Array("é€🍋".utf8.reversed()).reversed()) == "é€🍋")
        #expect(assembler.append("é€🍋".utf8.lazy.map { $0 }) == "é€🍋")
        #expect(assembler.finish().isEmpty)
    }
}
