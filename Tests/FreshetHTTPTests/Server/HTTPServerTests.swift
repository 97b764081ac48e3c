import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

/// What an ordinary client meets, over raw sockets.
@Suite struct HTTPServerTests {
    @Test func answersWhole() async throws {
        try await withServer { server in
            let (header, body) = try await RawClient.talk(to: server.port) { client in
                try client.send("GET /where%20is/it?x=%20y&z HTTP/1.1\r\nHost: a\r\nX-Name:  two words \r\n\r\n")
                return try client.readResponse()
            }
            #expect(header.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(header.contains("\r\nX-Peer: 127.0.0.1\r\n"))
            #expect(body == "GET|/where is/it|x=%20y&z|two words|")
        }
    }

    @Test func readsBodiesHoweverTheyAreCut() async throws {
        let requests = [
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\nb\r\nhello world\r\n0\r\nX-After: z\r\n\r\n",
        ]
        try await withServer { server in
            for request in requests {
                let pieces = Array(EverySplit(request.utf8, randomCount: 12).filter { $0.count != 2 && $0.count != 3 })
                let bodies = try await RawClient.talk(to: server.port) { client in
                    try pieces.map { pieces in
                        try client.send(pieces: pieces)
                        return try client.readResponse().body
                    }
                }
                #expect(bodies == Array(repeating: "POST|/echo|||hello world", count: pieces.count))
            }
        }
    }

    @Test func keepsTheConnectionAfterAStream() async throws {
        try await withServer { server in
            let bodies = try await RawClient.talk(to: server.port) { client in
                try (1...20).map { number in
                    try client.send("GET /stream?\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                    let (header, body) = try client.readResponse()
                    return header.contains("Transfer-Encoding: chunked") ? body : header
                }
            }
            #expect(bodies == (1...20).map { number in (0..<number).map { "\($0);" }.joined() })
        }
    }

    @Test func answersPipelinedRequestsInOrder() async throws {
        try await withServer { server in
            let bodies = try await RawClient.talk(to: server.port) { client in
                try client.send(
                    "GET /stream?3 HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
                        + "GET /stream?2 HTTP/1.1\r\nHost: a\r\n\r\n")
                return try (0..<3).map { _ in try client.readResponse().body }
            }
            #expect(bodies == ["0;1;2;", "POST|/echo|||hi", "0;1;"])
        }
    }

    @Test func sendsNoBodyToHead() async throws {
        try await withServer { server in
            let first = try await RawClient.talk(to: server.port) { client in
                try client.send("HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n")
                let header = try client.read(until: "\r\n\r\n")
                try client.send("GET /stream?1 HTTP/1.1\r\nHost: a\r\n\r\n")
                return (header, try client.readResponse().body)
            }
            #expect(first.0.contains("Content-Length: 13\r\n"))
            #expect(first.1 == "0;")
            let second = try await RawClient.talk(to: server.port) { client in
                try client.send("HEAD /stream?3 HTTP/1.1\r\nHost: a\r\n\r\n")
                return try client.readToEnd()
            }
            #expect(second.hasPrefix("HTTP/1.1 200 OK") && second.hasSuffix("\r\n\r\n"))
        }
    }

    @Test func closesAfterAStreamToAnOldClient() async throws {
        try await withServer { server in
            let answer = try await RawClient.talk(to: server.port) { client in
                try client.send("GET /stream?3 HTTP/1.0\r\n\r\n")
                return try client.readToEnd()
            }
            #expect(answer.hasSuffix("\r\n\r\n0;1;2;"))
            #expect(!answer.lowercased().contains("chunked"))
        }
    }

    @Test func saysContinueToWhoAsks() async throws {
        try await withServer { server in
            let (interim, body) = try await RawClient.talk(to: server.port) { client in
                try client.send(
                    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
                let interim = try client.read(until: "\r\n\r\n")
                try client.send("hi")
                return (interim, try client.readResponse().body)
            }
            #expect(interim == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(body == "POST|/echo|||hi")
        }
    }

    @Test func aStreamThatFailsIsSeenTruncated() async throws {
        let outcomes = Collected<HTTPOutcome>()
        try await withServer(
            handler: { _ in
                HTTPResponse(
                    body: .stream { writer in
                        try await writer.write(Array("some".utf8))
                        throw GenerationError(.engineFailed, "It broke.")
                    }, onEnd: { outcomes.add($0) })
            },
            { server in
                let answer = try await RawClient.talk(to: server.port) { client in
                    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    return try client.readToEnd()
                }
                #expect(answer.hasSuffix("\r\n\r\n4\r\nsome\r\n"))
                #expect(await outcomes.next() == .cut(.aborted))
            })
    }

    @Test func largeBodiesGoBothWays() async throws {
        let size = 3_000_000
        try await withServer { server in
            let body = try await RawClient.talk(to: server.port) { client in
                try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
                try client.send([UInt8](repeating: UInt8(ascii: "x"), count: size))
                return try client.readResponse().body
            }
            #expect(body == "POST|/echo|||" + String(repeating: "x", count: size))
        }
    }
}
