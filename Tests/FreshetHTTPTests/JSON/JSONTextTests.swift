import Freshet
import Testing

@testable import FreshetHTTP

@Suite struct JSONTextTests {
    private func text(_ value: JSONValue) -> String {
        var output: [UInt8] = []
        output.append(json: value)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func valuesAreWrittenInOneWay() {
        let value: JSONValue = [
            "b": [1, .number(2.5), true, .null], "a": "é\"\\\n\r\t\u{1}\u{7F}🍋", "": [:],
            "c": .integer(Int128(UInt64.max)),
        ]
        let expected =
            #"{"":{},"a":"\u00e9\"\\\n\r\t\u0001\u007f\ud83c\udf4b","b":[1,2.5,true,null],"c":18446744073709551615}"#
        #expect(text(value) == expected)
    }

    @Test func whatIsNoNumberToJSONIsTheLogarithmOfZero() {
        #expect([.infinity, -.infinity, .nan].map { text(.number($0)) } == ["-9999.0", "-9999.0", "-9999.0"])
    }

    @Test func durationsAreMillisecondsToTheNanosecond() {
        for nanoseconds in [0, 1, 999_999, 1_000_000, 1_500_001, 86_400_000_000_001, 2_000_000_000_000_001] {
            var output: [UInt8] = []
            output.append(json: .nanoseconds(nanoseconds))
            let milliseconds = Double(String(decoding: output, as: UTF8.self))
            #expect(milliseconds.flatMap(Duration.init(milliseconds:)) == .nanoseconds(nanoseconds))
        }
        #expect([Double.nan, .infinity, 1e300, -1e300].compactMap(Duration.init(milliseconds:)).isEmpty)
    }
}
