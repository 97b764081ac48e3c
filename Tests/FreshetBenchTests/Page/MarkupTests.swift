import Testing

@testable import FreshetBench

struct MarkupTests {
    @Test(arguments: [
        ("<script>alert('1')</script>", "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"),
        ("\" onload=\"x & y", "&quot; onload=&quot;x &amp; y"),
        ("a\u{0}b\u{1B}c\u{7F}\u{202E}d", "a\u{FFFD}b\u{FFFD}c\u{FFFD}\u{FFFD}d"),
        ("é 龍 🐉\n", "é 龍 🐉\n"),
    ])
    func whatComesFromOutsideIsWords(words: String, expected: String) {
        var markup = Markup()
        markup.element("p", ["title": words], text: words)
        #expect(markup.text == "\n<p title=\"\(expected)\">\(expected)</p>")
    }

    @Test func elementsAreNested() {
        var markup = Markup()
        markup.element("a", ["b": "c"]) { markup in
            markup.empty("d")
            markup.write("e")
        }
        #expect(markup.text == "\n<a b=\"c\">\n<d/>e\n</a>")
    }
}
