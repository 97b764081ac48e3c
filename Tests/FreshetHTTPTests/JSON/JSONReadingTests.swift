import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

@Suite struct JSONReadingTests {
    private func read(_ json: String) throws -> JSONValue { try JSONValue(json: Array(json.utf8)) }

    private func complaint(_ json: some Collection<UInt8>) -> String? {
        do {
            _ = try JSONValue(json: json, of: "It")
            return nil
        } catch {
            return error.code == .invalidRequest ? error.message : "\(error.code)"
        }
    }

    @Test(
        arguments: [
            ("1", 1), ("0", 0), ("-0", 0), ("true", true), ("false", false), ("null", .null), ("1.0", .number(1)),
            ("1e2", .number(100)), ("0.1", .number(0.1)), ("-0.0", .number(0)), ("\"\"", ""),
            ("0.30000000000000004", .number(0.1 + 0.2)), ("5e-324", .number(.leastNonzeroMagnitude)),
            ("18446744073709551615", .integer(18_446_744_073_709_551_615)),
            ("-9223372036854775808", .integer(-9_223_372_036_854_775_808)),
            ("18446744073709551616", .number(0x1p64)),
            ("-9223372036854775809", .number(-0x1p63)),
            ("123456789012345678901234567890", .number(1.2345678901234568e29)),
            ("\"\\ud83c\\udf4b\\u0000\"", "🍋\u{0}"), ("[[], {}]", [[], [:]]),
            ("{\"a\":1,\"b\":[2]}", ["a": 1, "b": [2]]),
        ] as [(String, JSONValue)])
    func valuesKeepTheirKind(_ json: String, _ value: JSONValue) throws {
        #expect(try read("[\(json)]") == [value])
    }

    @Test func ofTwoMembersWithOneNameOneStands() throws {
        let twice = try read(#"{"a":1,"a":2}"#)
        #expect(twice == ["a": 1] || twice == ["a": 2])
        // The same name in other scalars.
        guard case .object(let members) = try read("{\"é\":1,\"e\u{301}\":2}") else {
            throw GenerationError.invalid("", "")
        }
        #expect(members.count == 1)
    }

    @Test(arguments: [
        "", " ", "1", "\"a\"", "null", "{", "[1", "[01]", "[NaN]", "[Infinity]", "[1e400]", "[.5]", "[1.]", "[+1]",
        #"["\ud800"]"#, #"["\udc00\ud800"]"#, #"["\x"]"#, "[\"\u{1}\"]", "{a:1}", "{\"a\"}", "[1] 2", "[1],", "[]\u{0}",
        "{\"a\":1]", "[tru]", "<html>", "\u{FEFF}[]",
    ])
    func whatIsNotJSONGetsASentence(_ json: String) throws {
        let sentence = try #require(complaint(Array(json.utf8)))
        #expect(sentence.hasPrefix("It is not JSON") && sentence.hasSuffix("."), "\(sentence)")
    }

    @Test(
        arguments: [
            [0x5B, 0x22, 0xFF, 0x22, 0x5D], [0x5B, 0x22, 0xED, 0xA0, 0x80, 0x22, 0x5D],
            [0x5B, 0x22, 0xC0, 0x80, 0x22, 0x5D],
            [0xFF, 0xFE, 0x5B, 0, 0x5D, 0], [0x5B, 0, 0x5D, 0], [0, 0x5B, 0, 0x5D], [0x5B, 0x22, 0xE2, 0x82],
        ] as [[UInt8]])
    func whatIsNotUTF8GetsASentence(_ bytes: [UInt8]) throws {
        #expect(try #require(complaint(bytes)).hasPrefix("It is not JSON"))
    }

    @Test func theSentenceIsShortWhateverIsRepeatedInIt() throws {
        let sentence = try #require(complaint(Array("[\(String(repeating: "1", count: 100_000))]".utf8)))
        #expect(sentence.utf8.count < 300 && sentence.hasSuffix("."), "\(sentence)")
    }

    @Test func depthIsBounded() throws {
        for open in ["[", "{\"a\":"] {
            #expect(complaint(Array(String(repeating: open, count: 100_000).utf8)) != nil)
        }
        let deepest = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        #expect(try read(deepest) != .null)
    }

    /// Whatever stands in the bytes, reading them ends in a value or in a sentence.
    @Test func damagedTextIsHarmless() {
        var generator = SeededGenerator(seed: 3)
        let whole = Array(#"{"a":[1,-2.5e3,true,null,"x\u00e9\n"],"b":{"c":"é🍋"}}"#.utf8)
        var refused = 0
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(whole.randomElement(using: &generator) ?? 0, at: place)
                }
            }
            if complaint(bytes) != nil { refused += 1 }
        }
        #expect(complaint(whole) == nil && refused > 1000)
    }
}
