import FreshetTestSupport

/// What an OpenAI-compatible server sends for one answer, and ways to send the same.
enum Transcript {
    private static let head =
        #""id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"served""#

    private static func choice(_ delta: String, finish: String = "null") -> String {
        #"{\#(head),"choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}],"usage":null}"#
    }

    /// Pieces of the answer's text.
    static let pieces = ["Naïve ", "café", ": ", "日本語の文字", "\n", "👩‍👩‍👧‍👦 🇧🇷"]

    /// The events' data, `[DONE]` left out.
    static let events: [String] =
        [choice(#"{"role":"assistant","content":""}"#)]
        + pieces.map { choice("{\"content\":\"\($0 == "\n" ? #"\n"# : $0)\"}") }
        + [
            choice("{}", finish: #""stop""#),
            #"{\#(head),"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":6,"total_tokens":13}}"#,
        ]

    /// The same answer in one piece.
    static let reply =
        #"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"served","choices":[{"index":0,"#
        + #""message":{"role":"assistant","content":"\#(pieces.joined().split(separator: "\n").joined(separator: #"\n"#))"},"#
        + #""finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":6,"total_tokens":13}}"#

    /// The wire's bytes.
    static func wire(
        _ events: some Sequence<String>, newline: String = "\n", prefix: String = "", comment: String = "",
        done: Bool = true
    ) -> [UInt8] {
        let frames = (Array(events) + (done ? ["[DONE]"] : [])).map {
            comment + "data: " + $0 + newline + newline
        }
        return Array((prefix + frames.joined() + comment).utf8)
    }

    /// Ways to send the same answer, all of them again and again on one connection.
    static let forms: [(name: String, steps: [LoopbackServer.Step])] =
        [
            ("an event a read", events.map { .send(chunk(wire([$0], done: false))) } + [.send(chunk(wire([])))]),
            (
                "slowly",
                events.flatMap { [.pause(.milliseconds(3)), .send(chunk(wire([$0], done: false)))] }
                    + [.send(chunk(wire([])))]
            ),
            ("several events a read", [.send(chunk(wire(events)))]),
            ("half a character a packet", [.trickle(chunk(wire(events)), packet: 2)]),
            ("CRLF", [.send(chunk(wire(events, newline: "\r\n")))]),
            ("CR", [.trickle(chunk(wire(events, newline: "\r")), packet: 50)]),
            ("comments", [.send(chunk(wire(events, comment: ": OPENROUTER PROCESSING\n\n:\n\n")))]),
            ("a byte order mark", [.trickle(chunk(wire(events, prefix: "\u{FEFF}")), packet: 1)]),
            ("an event type", [.send(chunk(wire(events, comment: "event: message\nid: 5\nretry: 3\n")))]),
        ].map { name, steps in
            (
                name,
                [.readRequest, .send(LoopbackServer.chunkedHead())] + steps + [.send(LoopbackServer.chunk([])), .again]
            )
        } + [
            (
                "in one piece",
                [
                    .readRequest,
                    .send(
                        LoopbackServer.response(headers: ["Content-Type: application/json; charset=utf-8"], body: reply)
                    ),
                    .again,
                ]
            )
        ]

    private static func chunk(_ bytes: [UInt8]) -> [UInt8] { LoopbackServer.chunk(bytes) }
}
