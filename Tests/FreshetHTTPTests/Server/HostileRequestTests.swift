import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

/// Requests that two servers in a row may understand differently, or that no client sends: refused, and the connection
/// closed, before any handler sees them.
@Suite struct HostileRequestTests {
    /// A request, and what it gets.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        /// `nil` where the connection ends without an answer.
        let status: Int?
        /// Whether libmicrohttpd answers by itself.
        var isLibrarys = false
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "length and encoding",
            request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            status: 400),
        Case(
            name: "encoding and length",
            request: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
            status: 400),
        Case(name: "two lengths", request: post("Content-Length: 2\r\nContent-Length: 3", "hi!"), status: 400),
        Case(name: "the same length twice", request: post("Content-Length: 2\r\nContent-Length: 2", "hi"), status: 400),
        Case(name: "a list of lengths", request: post("Content-Length: 2, 2", "hi"), status: 400, isLibrarys: true),
        Case(name: "a length in words", request: post("Content-Length: two", "hi"), status: 400, isLibrarys: true),
        Case(name: "a negative length", request: post("Content-Length: -2", "hi"), status: 400, isLibrarys: true),
        Case(name: "a length with a sign", request: post("Content-Length: +2", "hi"), status: 400, isLibrarys: true),
        Case(name: "a hexadecimal length", request: post("Content-Length: 0x2", "hi"), status: 400, isLibrarys: true),
        Case(name: "no length", request: post("Content-Length: ", "hi"), status: 400, isLibrarys: true),
        Case(
            name: "a length beyond 64 bits", request: post("Content-Length: 99999999999999999999", ""), status: 413,
            isLibrarys: true),
        Case(name: "a length beyond the limit", request: post("Content-Length: 9999999999", ""), status: 413),
        Case(name: "a length beyond Int", request: post("Content-Length: 18446744073709551615", ""), status: 413),
        Case(name: "another encoding", request: post("Transfer-Encoding: gzip", ""), status: 501),
        Case(name: "two encodings", request: post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), status: 501),
        Case(
            name: "two encoding fields",
            request: post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), status: 501),
        Case(
            name: "an encoding with space after it", request: post("Transfer-Encoding: chunked ", "0\r\n\r\n"),
            status: 501),
        Case(
            name: "an old client's encoding", request: "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            status: 400),
        Case(name: "a space before the colon", request: post("Content-Length : 2", "hi"), status: 400),
        Case(name: "a tab before the colon", request: post("Content-Length\t: 2", "hi"), status: 400),
        Case(name: "a space before the name", request: "GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "no name", request: get(": y"), status: 400),
        Case(name: "a name of two words", request: get("X Y: z"), status: 400),
        Case(name: "a line without a colon", request: get("nonsense"), status: 400, isLibrarys: true),
        Case(name: "a bell", request: get("X: \u{7}"), status: 400),
        Case(name: "a delete", request: get("X: \u{7F}"), status: 400),
        Case(name: "a carriage return alone", request: get("X: y\rContent-Length: 9"), status: 400),
        Case(name: "a zero byte in a value", request: post("Content-Length: 2\0 1", "hi"), status: 400),
        Case(name: "a zero byte in a harmless value", request: get("X: y\0z"), status: 400),
        Case(name: "a zero byte in a name", request: get("X\0Y: z"), status: 400, isLibrarys: true),
        Case(name: "a zero byte instead of the header's end", request: get("\0\r\nX: y"), status: 400),
        Case(name: "a line that begins with a zero byte", request: get("\0Content-Length: 9"), status: 400),
        Case(name: "a folded line", request: get("X: y\r\n z"), status: 400),
        Case(name: "a folded length", request: post("Content-Length: 2\r\n 0", "hi"), status: 400),
        Case(name: "a folded last line", request: "GET / HTTP/1.1\r\nHost: a\r\n\tb\r\n\r\n", status: 400),
        Case(name: "no host", request: "GET / HTTP/1.1\r\nX: y\r\n\r\n", status: 400),
        Case(name: "no field at all", request: "GET / HTTP/1.1\r\n\r\n", status: 400),
        Case(name: "two hosts", request: get("Host: b"), status: 400),
        Case(name: "two spaces before the target", request: "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "two spaces after the target", request: "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "a space in the target", request: "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "a zero byte in the target", request: "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "an encoded zero byte", request: "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "a broken escape", request: "GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "half a character", request: "GET /%C3 HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "a byte that is not ASCII", request: "GET /é HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "no path", request: "GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "no method", request: " / HTTP/1.1\r\nHost: a\r\n\r\n", status: nil),
        Case(name: "a method of marks", request: "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", status: 400),
        Case(name: "no version", request: "GET /\r\nHost: a\r\n\r\n", status: 400, isLibrarys: true),
        Case(name: "HTTP/2", request: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 505, isLibrarys: true),
        Case(
            name: "a chunk's size that is none", request: post("Transfer-Encoding: chunked", "x\r\n\r\n"), status: 400,
            isLibrarys: true),
        Case(
            name: "a chunk's size beyond 64 bits", request: post("Transfer-Encoding: chunked", "fffffffffffffffff\r\n"),
            status: 413, isLibrarys: true),
        Case(
            name: "a chunk without its end", request: post("Transfer-Encoding: chunked", "2\r\nhiya\r\n0\r\n\r\n"),
            status: 400, isLibrarys: true),
        Case(name: "a long header", request: get("X: " + String(repeating: "y", count: 20_000)), status: 431),
        Case(
            name: "a header beyond memory", request: get("X: " + String(repeating: "y", count: 60_000)), status: 431,
            isLibrarys: true),
        Case(
            name: "many fields", request: get((0..<6_000).map { "X\($0):" }.joined(separator: "\r\n")), status: 431,
            isLibrarys: true),
        Case(
            name: "a long target",
            request: "GET /" + String(repeating: "y", count: 60_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
            status: 414, isLibrarys: true),
    ]

    static func get(_ fields: String) -> String { "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n" }

    static func post(_ fields: String, _ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n\(body)"
    }

    @Test func areRefusedAndTheConnectionClosed() async throws {
        try await withServer(
            {
                $0.errorResponse = { refusal in
                    HTTPResponse(status: refusal.status, body: .whole(Array("refused: \(refusal.message)".utf8)))
                }
            },
            handler: { request in HTTPResponse(body: .whole(Array("handled \(request.path)".utf8))) },
            { server in
                for hostile in Self.cases {
                    // What follows must not be taken for a request.
                    let answer = try await RawClient.talk(to: server.port) { client in
                        try? client.send(hostile.request + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
                        return try client.readToEnd()
                    }
                    guard let status = hostile.status else {
                        #expect(answer.isEmpty, "\(hostile.name): \(answer)")
                        continue
                    }
                    #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(hostile.name): \(answer)")
                    #expect(!answer.contains("handled"), "\(hostile.name): \(answer)")
                    #expect(answer.contains("Connection: close\r\n"), "\(hostile.name): \(answer)")
                    #expect(answer.contains("refused: ") != hostile.isLibrarys, "\(hostile.name): \(answer)")
                }
            })
    }

    /// Not elegant, and not ambiguous: ordinary clients and people by hand send these.
    static let harmless = [
        "GET /ok HTTP/1.1\r\nHost: a\r\nX:y\r\nY:\t z\r\nEmpty:\r\nEmpty2: \r\nCookie: a=b; c=d\r\n\r\n",
        "GET /ok HTTP/1.1\nHost: a\nX: y\n\n",
        "\r\n\r\nGET /ok HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /ok?a=b&c=%20&&d HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a.example/ok HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /%6fk HTTP/1.1\r\nHost:\r\n\r\n",
        "POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "POST /ok HTTP/1.1\r\nHost: a\r\nContent-Length: 0002\r\n\r\nhi",
        "OPTIONS /ok HTTP/1.1\r\nHost: a\r\nX-Latin: \u{E9}\r\n\r\n",
        "GET /ok HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "y", count: 15_000) + "\r\nZ: z\r\n\r\n",
        "GET /ok HTTP/1.1\r\nHost: a\r\n" + (0..<200).map { "X-\($0): \($0)\r\n" }.joined() + "\r\n",
        "GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ]

    @Test func harmlessOnesAreAnswered() async throws {
        try await withServer { server in
            let all = Self.harmless
            let bodies = try await RawClient.talk(to: server.port) { client in
                try all.map { request in
                    try client.send(request)
                    return try client.readResponse().body
                }
            }
            for (request, body) in zip(all, bodies) { #expect(body.split(separator: "|")[1] == "/ok", "\(request)") }
        }
    }

    @Test func aRefusalIsReadThoughTheBodyIsStillComing() async throws {
        try await withServer { server in
            for _ in 0..<20 {
                let answer = try await RawClient.talk(to: server.port) { client in
                    try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99000000\r\n\r\n")
                    // More than any buffer on the way holds, so that much of it stays unread.
                    try? client.send([UInt8](repeating: 0, count: 3_000_000))
                    return try client.readToEnd()
                }
                #expect(answer.hasPrefix("HTTP/1.1 413 "))
            }
        }
    }
}
