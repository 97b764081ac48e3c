import Freshet
import FreshetTestSupport
import Testing

@Suite struct StopSequenceFilterTests {
    /// The rule itself, tried at every place: the first byte at which a sequence ends, the longest of those.
    private func reference(_ text: String, _ stops: [String]) -> (text: [UInt8], stop: String?) {
        let bytes = Array(text.utf8)
        for end in 0...bytes.count {
            let complete = stops.filter { !$0.isEmpty && bytes[..<end].suffix($0.utf8.count).elementsEqual($0.utf8) }
            if let longest = complete.max(by: { $0.utf8.count < $1.utf8.count }) {
                return (Array(bytes[..<(end - longest.utf8.count)]), longest)
            }
        }
        return (bytes, nil)
    }

    /// The longest end of `text` that is a beginning, not the whole, of a sequence.
    private func heldBack(_ text: [UInt8], _ stops: [String]) -> Int {
        stops.map { stop in
            (0..<stop.utf8.count).last { text.count >= $0 && text.suffix($0).elementsEqual(stop.utf8.prefix($0)) } ?? 0
        }.max() ?? 0
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var stops: [String]
        var text: String
        var testDescription: String { "\(stops) in \(text)" }
    }

    static let cases: [Case] = [
        Case(stops: [], text: "nothing to look for"),
        Case(stops: [""], text: "nothing to look for"),
        Case(stops: ["x"], text: "no match here"),
        Case(stops: ["#"], text: "#"),
        Case(stops: ["###"], text: "a # b ## c #### d"),
        Case(stops: ["ab", "xabc"], text: "xabc"),
        Case(stops: ["bc", "abc", "c"], text: "..abc"),
        Case(stops: ["abcd", "bc"], text: "abcd"),
        Case(stops: ["abcdef", "cd"], text: "ababcabcdef"),
        Case(stops: ["aab", "aaab"], text: "aaaaaab"),
        Case(stops: ["abab", "babb"], text: "abaabbabb"),
        Case(stops: ["\n\n", "\nUser:"], text: "one\nUser\nUse\n\ntwo"),
        Case(stops: ["<|im_end|>", "<|im_start|>"], text: "a <|im_<|im_start|<|im_end|>b"),
        Case(stops: ["aabaaab"], text: "aabaaabaabaaab"),
        Case(stops: ["abcabd"], text: "abcabcabcab"),
        Case(stops: ["конец"], text: "начало кон конец"),
        Case(stops: ["終わり", "終"], text: "始め、終わり"),
        Case(stops: ["👩‍👧‍👦"], text: "👩‍👩‍👧‍👦 👩‍👧👩‍👧‍👦."),
        Case(stops: ["🇯🇵"], text: "🇧🇷🇧🇷🇯🇵"),
        Case(stops: ["é"], text: "e\u{301} is not the stop, é is"),
        Case(stops: ["\u{301}"], text: "e\u{301}"),
        Case(stops: ["انتهى"], text: "البداية انته انتهى"),
        Case(stops: ["समाप्त"], text: "समाप् समाप्त।"),
    ]

    @Test(arguments: cases) func sameAtEverySplit(_ example: Case) {
        let expected = reference(example.text, example.stops)
        for pieces in EverySplit.scalars(of: example.text) {
            var filter = StopSequenceFilter(example.stops)
            var seen: [UInt8] = []
            var text: [UInt8] = []
            var stop: String?
            for piece in pieces {
                let result = filter.process(piece)
                text += result.text.utf8
                stop = result.stop
                seen += piece.utf8
                if stop != nil { break }
                #expect(text.count == seen.count - heldBack(seen, example.stops), "after \(seen) of \(pieces)")
            }
            if stop != nil { #expect(filter.finish() == "") }
            text += filter.finish().utf8
            #expect(text == expected.text, "\(pieces)")
            #expect(stop == expected.stop, "\(pieces)")
        }
    }

    @Test func randomTextsOverASmallAlphabet() {
        var generator = SeededGenerator(seed: 5)
        func word(_ length: Int) -> String {
            String((0..<length).map { _ in ["a", "b", "é"].randomElement(using: &generator) ?? "a" })
        }
        for seed in 0..<1000 {
            let stops = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                word(Int.random(in: 1...5, using: &generator))
            }
            let text = word(Int.random(in: 0...20, using: &generator))
            let expected = reference(text, stops)
            for pieces in Array(EverySplit.scalars(of: text, randomCount: 2, seed: UInt64(seed))).suffix(2) {
                var filter = StopSequenceFilter(stops)
                var emitted = ""
                var stop: String?
                for piece in pieces where stop == nil {
                    let result = filter.process(piece)
                    emitted += result.text
                    stop = result.stop
                }
                emitted += filter.finish()
                #expect(Array(emitted.utf8) == expected.text && stop == expected.stop, "\(stops) in \(pieces)")
            }
        }
    }

    @Test func afterTheStopNothingComes() {
        var filter = StopSequenceFilter(["."])
        #expect(filter.process("a.b") == ("a", "."))
        #expect(filter.process("c") == ("", "."))
        #expect(filter.finish() == "")
    }

    @Test func whatIsHeldBackComesAtTheEnd() {
        var filter = StopSequenceFilter(["<end>"])
        #expect(filter.process("a<en") == ("a", nil))
        #expect(filter.process("") == ("", nil))
        #expect(filter.finish() == "<en")
        #expect(filter.finish() == "")
    }

    @Test func theLongestAndMostStopsOnTextThatAlmostMatches() {
        let (count, bytes) = GenerationRequest.stopLimits
        let stops = (0..<count).map { String(repeating: "a", count: bytes - 2) + String(UnicodeScalar(UInt8(32 + $0))) }
        var filter = StopSequenceFilter(stops)
        var emitted = 0
        for _ in 0..<(4 * bytes) { emitted += filter.process("a").text.utf8.count }
        #expect(emitted == 4 * bytes - (bytes - 2))
        #expect(filter.process(" ") == ("", stops[0]))
    }
}

private func == (left: (text: String, stop: String?), right: (String, String?)) -> Bool {
    left.text == right.0 && left.stop == right.1
}
