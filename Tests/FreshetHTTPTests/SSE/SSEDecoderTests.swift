import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

@Suite struct SSEDecoderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var stream: String
        var events: [SSEEvent]

        var testDescription: String { stream.debugDescription }

        init(_ stream: String, _ events: SSEEvent...) { (self.stream, self.events) = (stream, events) }
    }

    private static func event(
        _ data: String, type: String = "message", id: String = "", isComplete: Bool = true
    ) -> SSEEvent {
        SSEEvent(type: type, data: Array(data.utf8), id: id, isComplete: isComplete)
    }

    static let cases = [
        Case(""),
        Case("\n\n\n"),
        Case("data: a\n\n", event("a")),
        Case("data:a\n\ndata:  b\n\ndata:\tc\n\n", event("a"), event(" b"), event("\tc")),
        Case("data: a\ndata: b\ndata:\ndata: c\n\n", event("a\nb\n\nc")),
        // A field without data makes no event; `data:` alone makes an empty one, and so does a line without a colon.
        Case("event: x\nid: 1\n\n: y\n\ndata\n\ndata:\n\n", event("", id: "1"), event("", id: "1")),
        Case(
            ": OPENROUTER PROCESSING\n\n:\n\ndata: a\n: within\ndata: b\n\n:\n\n", event("a\nb")),
        Case("event: ping\ndata: {}\n\ndata: {}\n\n", event("{}", type: "ping"), event("{}")),
        Case("event: lost\n\ndata: a\n\n", event("a")),
        Case("event: old\nevent: new\nevent:\ndata: a\n\n", event("a")),
        Case("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n", event("a", id: "1"), event("b", id: "1"), event("c")),
        Case("id: 1\nid: 2\u{0}3\ndata: a\n\n", event("a", id: "1")),
        Case("dat: a\nData: b\ndata : c\n data: d\nunknown\ndata: e: f\n\n", event("e: f")),
        Case("data: a\r\n\r\ndata: b\r\rdata: c\n\r\ndata: d\r\n\r", event("a"), event("b"), event("c"), event("d")),
        Case("\r\n\r\ndata: a\r\n\n", event("a")),
        Case("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n", event("a")),
        Case("\u{FEFF}\u{FEFF}data: a\n\ndata: b\n\n", event("b")),
        Case("\u{FEFF}\n\u{FEFF}data: a\n\n"),
        Case("data: naïve 文字 👩‍👩‍👧 \u{2028}\u{85}\u{B}\n\n", event("naïve 文字 👩‍👩‍👧 \u{2028}\u{85}\u{B}")),
        // Without its blank line, or even its line end, the last event is given and marked.
        Case("data: a\n\ndata: [DONE]", event("a"), event("[DONE]", isComplete: false)),
        Case("data: a\ndata: b\r", event("a\nb", isComplete: false)),
        Case("event: error\nid: 7\ndata: {\"er", event("{\"er", type: "error", id: "7", isComplete: false)),
        Case("event: x\nid: 7\n:"),
    ]

    /// What a decoder made of the pieces, with what came before a failure.
    private func decode(
        _ pieces: [ArraySlice<UInt8>], maxLineLength: Int = 1 << 20, maxEventLength: Int = 1 << 20
    ) -> (events: [SSEEvent], failure: GenerationError?) {
        var decoder = SSEDecoder(maxLineLength: maxLineLength, maxEventLength: maxEventLength)
        var events: [SSEEvent] = []
        do {
            for piece in pieces { try decoder.append(piece, to: &events) }
            if let last = try decoder.finish() { events.append(last) }
            return (events, nil)
        } catch {
            return (events, error)
        }
    }

    @Test(arguments: cases) func readsEveryCaseAtEverySplit(_ test: Case) {
        #expect(SSEModel(Array(test.stream.utf8)).events == test.events, "the model")
        for pieces in EverySplit(test.stream.utf8) {
            let (events, failure) = decode(pieces)
            #expect(events == test.events && failure == nil, "\(pieces)")
        }
    }

    @Test(
        arguments: [
            ("retry: 1500\n", 1500), ("retry:7\nretry: 8x\nretry: -9\nretry: +9\nretry:\nretry\nretry: 1.5\n", 7),
            ("retry: 0007\n\n", 7), ("retry: 5\nretry: 99999999999999999999\n", 5), ("retry: ٣\n", nil),
            ("retry: 3", nil),
        ] as [(String, Int?)])
    func retryIsDecimalDigitsOnly(_ stream: String, _ expected: Int?) throws {
        for pieces in EverySplit(stream.utf8) {
            var decoder = SSEDecoder()
            var events: [SSEEvent] = []
            for piece in pieces { try decoder.append(piece, to: &events) }
            #expect(decoder.retryDelay == expected.map { .milliseconds($0) })
        }
    }

    @Test func boundsAreExactAndNamed() throws {
        let line = Array("data: a\n\ndata: 789\n\n:23456789\ndata: b\n\n".utf8)
        let event = Array("data: a\n\ndata: bc\ndata:\ndata: d\n\ndata: e\n\n".utf8)
        for pieces in EverySplit(line) {
            #expect(decode(pieces, maxLineLength: 9).events.map(\.data) == [[97], [55, 56, 57], [98]])
            let (events, failure) = decode(pieces, maxLineLength: 8)
            #expect(events == [SSEEvent(data: [97])])
            #expect(failure?.code == .badResponse && failure?.message.contains("line of more than 8 bytes") == true)
        }
        for pieces in EverySplit(event) {
            #expect(decode(pieces, maxEventLength: 5).events.map(\.data.count) == [1, 5, 1])
            let (events, failure) = decode(pieces, maxEventLength: 4)
            #expect(events == [SSEEvent(data: [97])])
            #expect(failure?.code == .badResponse && failure?.message.contains("event of more than 4 bytes") == true)
        }
        for pieces in EverySplit("data: a\n\ndata: bc\ndata: d".utf8) {
            #expect(decode(pieces, maxEventLength: 3).failure != nil)
        }
    }

    @Test func aFailedDecoderTakesNothingMore() throws {
        var decoder = SSEDecoder(maxLineLength: 8)
        var events: [SSEEvent] = []
        for _ in 0..<2 {
            #expect(throws: GenerationError.self) { try decoder.append("data: 789\n\n".utf8, to: &events) }
            #expect(throws: GenerationError.self) { try decoder.append("data: 7\n\n".utf8, to: &events) }
        }
        #expect(events.isEmpty)
        #expect(try decoder.finish() == nil)
        try decoder.append("data: 7\n\n".utf8, to: &events)
        #expect(events == [SSEEvent(data: [55])], "it begins anew")
    }

    /// A line cut into single bytes is not copied anew for each of them: that would take minutes.
    @Test func aLongLineTakesLinearTime() throws {
        var decoder = SSEDecoder(maxLineLength: 1 << 20)
        var events: [SSEEvent] = []
        try decoder.append("data:".utf8, to: &events)
        for _ in 0..<(1 << 20) - 5 { try decoder.append(CollectionOfOne(97), to: &events) }
        try decoder.append("\r\n\r\n".utf8, to: &events)
        #expect(events.map(\.data.count) == [(1 << 20) - 5])
    }

    @Test func randomStreamsAreReadAsTheStandardSays() {
        let words = [
            "data", "data:", "data: ", "event: ", "id:", "retry: ", ":", " ", "a", "é", "7", "\n", "\r", "\r\n", "\n\n",
            "\u{FEFF}", "\u{0}",
        ]
        var generator = SeededGenerator(seed: 11)
        for round in 0..<2000 {
            let stream = Array(
                (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                    words.randomElement(using: &generator)!
                }.joined().utf8)
            let bounds = round % 2 == 0 ? (line: 1000, event: 1000) : (line: 9, event: 7)
            let model = SSEModel(stream, maxLineLength: bounds.line, maxEventLength: bounds.event)
            let places = (0..<6).map { _ in Int.random(in: 0...stream.count, using: &generator) }.sorted()
            let pieces = zip([0] + places, places + [stream.count]).map { stream[$0..<$1] }
            let (events, failure) = decode(pieces, maxLineLength: bounds.line, maxEventLength: bounds.event)
            #expect(events == model.events && (failure != nil) == model.isFailed, "\(pieces)")
        }
    }

    @Test(arguments: ["", "a", "{\"a\": [1, 2]}", " leading", "two\nlines", "\n", "\n\n: x\ndata: y\n", "naïve 👩‍👩‍👧"])
    func whatTheEncoderWritesIsReadBack(_ data: String) {
        var wire: [UInt8] = []
        for _ in 0..<2 { SSEEncoder.append(Array(data.utf8), to: &wire) }
        wire += SSEEncoder.done
        for pieces in EverySplit(wire, randomCount: 200) where pieces.count < 3 || pieces.count > 4 {
            #expect(decode(pieces).events == [Self.event(data), Self.event(data), Self.event("[DONE]")])
        }
    }
}
