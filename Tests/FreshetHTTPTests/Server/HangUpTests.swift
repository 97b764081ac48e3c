import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

/// A client that leaves: its request's task is cancelled, whatever the server is doing for it.
@Suite(.timeLimit(.minutes(10))) struct HangUpTests {
    enum Manner: CaseIterable {
        case close, reset, halfClose

        /// Leaves in this manner; one that can still read waits for the server's end.
        func leave(_ client: RawClient) throws {
            switch self {
            case .close: client.close()
            case .reset: client.reset()
            case .halfClose:
                client.halfClose()
                _ = try client.readToEnd()
            }
        }
    }

    @Test(arguments: Manner.allCases)
    func cancelsAHandlerBeforeItsAnswer(_ manner: Manner) async throws {
        let (began, cancelled, outcomes) = (Collected<Bool>(), Collected<Bool>(), Collected<HTTPOutcome>())
        try await withServer(
            handler: { _ in
                began.add(true)
                try? await Task.sleep(for: .seconds(3600))
                cancelled.add(Task.isCancelled)
                return HTTPResponse(body: .whole([1]), onEnd: { outcomes.add($0) })
            },
            { server in
                let hasBegun = Flag()
                async let talk: Void = RawClient.talk(to: server.port) { client in
                    try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                    hasBegun.wait()
                    try manner.leave(client)
                }
                #expect(await began.next() == true)
                hasBegun.raise()
                #expect(await cancelled.next() == true)
                #expect(await outcomes.next() == .cut(.clientLeft))
                try await talk
            })
    }

    @Test(arguments: Manner.allCases, [true, false])
    func cancelsAStreamThatIsQuietAndOneThatIsBlocked(_ manner: Manner, isQuiet: Bool) async throws {
        let (ended, outcomes) = (Collected<GenerationError.Code?>(), Collected<HTTPOutcome>())
        try await withServer(
            handler: { _ in
                HTTPResponse(
                    body: .stream { writer in
                        do throws(GenerationError) {
                            try await writer.write(Array("begun".utf8))
                            if isQuiet { try? await Task.sleep(for: .seconds(3600)) }
                            while true { try await writer.write([UInt8](repeating: 0, count: 10_000)) }
                        } catch {
                            ended.add(Task.isCancelled && writer.isClosed ? error.code : nil)
                        }
                    }, onEnd: { outcomes.add($0) })
            },
            { server in
                try await RawClient.talk(to: server.port, receiveBuffer: 4096) { client in
                    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = try client.read(until: "begun")
                    try manner.leave(client)
                }
                #expect(await ended.next() == .cancelled)
                #expect(await outcomes.next() == .cut(.clientLeft))
            })
    }

    @Test func aClientThatLeavesBetweenRequestsTroublesNobody() async throws {
        try await withServer { server in
            for manner in Manner.allCases {
                try await RawClient.talk(to: server.port) { client in
                    try client.send("GET /stream?2 HTTP/1.1\r\nHost: a\r\n\r\n")
                    _ = try client.readResponse()
                    try manner.leave(client)
                }
                // In the middle of a header, and of a body.
                for part in [
                    "GET / HTT", "GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhi",
                ] {
                    try await RawClient.talk(to: server.port) { client in
                        try client.send(part)
                        try manner.leave(client)
                    }
                }
            }
            let body = try await RawClient.talk(to: server.port) { client in
                try client.send("GET /still HTTP/1.1\r\nHost: a\r\n\r\n")
                return try client.readResponse().body
            }
            #expect(body == "GET|/still|||")
        }
    }

    @Test func theWriterWaitsForASlowReaderAndOthersGoOn() async throws {
        let capacity = 64 << 10
        let written = Counter()
        try await withServer(
            { $0.limits.streamBytes = capacity },
            handler: { request in
                guard request.path == "/flood" else { return await plainHandler(request) }
                return HTTPResponse(
                    body: .stream { writer in
                        for _ in 0..<4000 {
                            try await writer.write([UInt8](repeating: UInt8(ascii: "x"), count: 10_000))
                            written.add(10_000)
                        }
                    })
            },
            { server in
                let port = server.port
                let total = try await RawClient.talk(to: port, receiveBuffer: 4096) { client in
                    try client.send("GET /flood HTTP/1.0\r\n\r\n")
                    _ = try client.read(until: "\r\n\r\n")
                    // Until the writer has filled all buffers and stands still.
                    var before = -1
                    while written.value != before {
                        before = written.value
                        client.pause(.milliseconds(100))
                    }
                    // The system's own buffers take a few megabytes; forty were to come.
                    guard before < 20_000_000 else { return -before }
                    let other = try RawClient(port: port)
                    try other.send("GET /stream?3 HTTP/1.1\r\nHost: a\r\n\r\n")
                    guard try other.readResponse().body == "0;1;2;" else { return -1 }
                    return try client.drop()
                }
                #expect(total == 40_000_000)
            })
    }
}
