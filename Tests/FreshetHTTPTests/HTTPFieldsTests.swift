import Testing

@testable import FreshetHTTP

@Suite struct HTTPFieldsTests {
    @Test func findsNamesInAnyCaseAndKeepsTheOrder() {
        var fields: HTTPFields = ["Accept": "a", "X-Key": "1", "x-key": "2"]
        #expect(fields["X-KEY"] == "1" && fields.values(of: "x-Key") == ["1", "2"] && fields["X-Ke"] == nil)
        fields["x-KEY"] = "3"
        #expect(fields == ["Accept": "a", "x-KEY": "3"])
        fields["ACCEPT"] = nil
        #expect(fields == ["x-KEY": "3"])
        // Only ASCII letters have two cases in HTTP.
        #expect(HTTPFields([.init(name: "Ä", value: "")])["ä"] == nil)
    }

    @Test(arguments: [
        ("", ""), (" \t ", ""), ("a", "a"), ("\t a b \t", "a b"), ("\u{A0}a\u{A0} ", "\u{A0}a\u{A0}"),
        ("a\r\n", "a\r\n"),
    ])
    func trimsSpacesAndTabsOnly(_ value: String, _ expected: String) {
        #expect(HTTPFields([.init(name: "X", value: value)]).trimmed["X"] == expected)
    }

    @Test(arguments: [
        ("X-Key", true), ("a.b_c~d", true), ("", false), ("X Y", false), ("X:", false), ("Ä", false), ("X\r\n", false),
        ("\"X\"", false),
    ])
    func knowsTokens(_ name: String, _ isToken: Bool) { #expect(name.isToken == isToken) }

    @Test(arguments: [
        ("a b", true), ("", true), ("\ta", true), ("é", true), ("a\r\nb", false), ("a\u{0}", false), ("\u{7F}", false),
    ])
    func knowsValues(_ value: String, _ isFieldValue: Bool) { #expect(value.isFieldValue == isFieldValue) }

    @Test(arguments: [
        ("application/json", "application/json"), (" Text/Event-Stream ; charset=utf-8", "text/event-stream"),
        ("a/b;;c", "a/b"), ("", ""), (";", ""),
    ])
    func readsMediaTypes(_ field: String, _ type: String) { #expect(field.mediaType == type) }
}
