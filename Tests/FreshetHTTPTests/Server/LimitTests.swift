import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

/// What a client may take, shown by clients that take more. Limits in time are short here, and the clients' patience is
/// long: a test that finds no limit fails by that.
@Suite(.timeLimit(.minutes(10))) struct LimitTests {
    /// A byte at a time, for as long as the server lets it; true if it was cut off.
    private static func trickle(_ text: String, on client: RawClient) -> Bool {
        do {
            for _ in 0..<400 {
                try client.send(pieces: text.utf8.map { [$0] }, pause: .milliseconds(10))
            }
            return false
        } catch {
            return true
        }
    }

    @Test func trickledHeadersAndBodiesAreCutOff() async throws {
        let handled = Counter()
        try await withServer(
            {
                $0.limits.headerTime = .milliseconds(900)
                $0.limits.bodyTime = .milliseconds(900)
                $0.limits.idleTime = .milliseconds(900)
            },
            handler: { _ in
                handled.add(1)
                return HTTPResponse(body: .whole([]))
            },
            { server in
                // No first line; a header without end; a body that is slow; the same on a connection that has been
                // used.
                let beginnings = [
                    "", "GET / HTTP/1.1\r\nHost: a\r\n",
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n",
                ]
                let used = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
                for beginning in beginnings + beginnings.map({ used + $0 }) {
                    let isCut = try await RawClient.talk(to: server.port) { client in
                        try client.send(beginning)
                        if beginning.hasPrefix(used) { _ = try client.readResponse() }
                        return Self.trickle("X-Slow: yes\r\n", on: client)
                    }
                    #expect(isCut, "\(beginning.debugDescription)")
                }
                #expect(handled.value == 3)
            })
    }

    @Test func quietConnectionsAreClosed() async throws {
        try await withServer(
            {
                $0.limits.headerTime = .milliseconds(900)
                $0.limits.idleTime = .milliseconds(900)
            },
            { server in
                let answers = try await RawClient.talk(to: server.port) { client in
                    let quiet = try RawClient(port: server.port)
                    try client.send("GET /stream?2 HTTP/1.1\r\nHost: a\r\n\r\n")
                    return [try client.readResponse().body, try client.readToEnd(), try quiet.readToEnd()]
                }
                #expect(answers == ["0;1;", "", ""])
            })
    }

    @Test func aHandlerMayTakeItsTime() async throws {
        try await withServer(
            {
                $0.limits.headerTime = .milliseconds(500)
                $0.limits.bodyTime = .milliseconds(500)
                $0.limits.idleTime = .milliseconds(500)
                $0.limits.stallTime = .milliseconds(500)
            },
            handler: { _ in
                try? await Task.sleep(for: .milliseconds(1500))
                return HTTPResponse(
                    body: .stream { writer in
                        try await Task.sleep(for: .milliseconds(1500))
                        try await writer.write(Array("late".utf8))
                        try await Task.sleep(for: .milliseconds(1500))
                    })
            },
            { server in
                let body = try await RawClient.talk(to: server.port) { client in
                    try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n!")
                    return try client.readResponse().body
                }
                #expect(body == "late")
            })
    }

    /// Asks for an answer and does not read it while `body` runs.
    private func leavingUnread(_ server: HTTPServer, _ body: () async -> Void) async throws {
        let isOver = Flag()
        async let talk: Void = RawClient.talk(to: server.port, receiveBuffer: 4096) { client in
            try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            isOver.wait()
        }
        await body()
        isOver.raise()
        try await talk
    }

    @Test(arguments: [true, false])
    func aClientThatNeverReadsAndNeverLeavesIsCutOff(isStream: Bool) async throws {
        let outcomes = Collected<HTTPOutcome>()
        try await withServer(
            { $0.limits.stallTime = .milliseconds(300) },
            handler: { _ in
                let body = [UInt8](repeating: 0, count: 30_000_000)
                return HTTPResponse(
                    body: isStream ? .stream { try await $0.write(body) } : .whole(body),
                    onEnd: { outcomes.add($0) })
            },
            { server in
                try await leavingUnread(server) {
                    #expect(await outcomes.next() == .cut(.tooSlow))
                }
            })
    }

    /// What the system's buffers take is generated for nobody, and hides from the stall's limit that nothing is read.
    @Test func aClientThatNeverReadsIsGivenLittle() async throws {
        let written = Collected<Int>()
        let outcomes = Collected<HTTPOutcome>()
        let piece = [UInt8](repeating: 0, count: 1000)
        try await withServer(
            { $0.limits.stallTime = .milliseconds(500) },
            handler: { _ in
                HTTPResponse(
                    body: .stream { writer in
                        for count in 0..<20_000 {
                            do {
                                try await writer.write(piece)
                            } catch {
                                written.add(count * piece.count)
                                throw error
                            }
                        }
                    }, onEnd: { outcomes.add($0) })
            },
            { server in
                try await leavingUnread(server) {
                    #expect(await outcomes.next() == .cut(.tooSlow))
                    let taken = await written.next() ?? .max
                    #expect(taken < 400_000, "\(taken)")
                }
            })
    }

    @Test func bodiesAreBounded() async throws {
        let sizes = Collected<Int>()
        try await withServer(
            { $0.limits.bodyBytes = 100_000 },
            handler: { request in
                sizes.add(request.body.count)
                return HTTPResponse(body: .whole([]))
            },
            { server in
                func status(_ header: String, _ body: [UInt8]) async throws -> String {
                    let request = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(header)\r\n\r\n"
                    return try await RawClient.talk(to: server.port) { client in
                        try client.send(request)
                        try? client.send(body)
                        return String(try client.readToEnd().dropFirst(9).prefix(3))
                    }
                }
                func chunks(_ count: Int) -> [UInt8] {
                    let chunk = Array("3e8\r\n".utf8) + [UInt8](repeating: 0, count: 1000) + Array("\r\n".utf8)
                    return (0..<count).flatMap { _ in chunk } + Array("0\r\n\r\n".utf8)
                }
                let statuses = [
                    try await status("Content-Length: 100000", .init(repeating: 0, count: 100_000)),
                    try await status("Content-Length: 100001", []),
                    try await status("Transfer-Encoding: chunked", chunks(100)),
                    try await status("Transfer-Encoding: chunked", chunks(101)),
                    try await status("Transfer-Encoding: chunked", chunks(190)),
                    // Beyond twice the limit nobody listens any more.
                    try await status("Transfer-Encoding: chunked", chunks(5000)),
                ]
                #expect(statuses == ["200", "413", "200", "413", "413", ""])
                #expect(await sizes.rest() == [100_000, 100_000])
            })
    }

    @Test func bodiesTogetherAreBounded() async throws {
        try await withServer(
            { ($0.limits.bodyBytes, $0.limits.receivedBytes) = (100_000, 50_000) },
            { server in
                let port = server.port
                let (tooMuch, statuses, isFreed) = try await RawClient.talk(to: port) { client in
                    func post(_ size: Int, to client: RawClient, sending count: Int) throws {
                        try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
                        try client.send([UInt8](repeating: 0, count: count))
                    }
                    func status(_ client: RawClient) throws -> String {
                        String(try client.readResponse().header.dropFirst(9).prefix(3))
                    }
                    let other = try RawClient(port: port)
                    try post(90_000, to: other, sending: 90_000)
                    let tooMuch = try status(other)
                    let statuses = try (0..<5).map { _ in
                        try post(40_000, to: client, sending: 40_000)
                        return try status(client)
                    }
                    // What half a body took is free again soon after its client has left.
                    for _ in 0..<5 { try post(40_000, to: RawClient(port: port), sending: 20_000) }
                    let isFreed = try (0..<1000).contains { _ in
                        let another = try RawClient(port: port)
                        try post(40_000, to: another, sending: 40_000)
                        return try status(another) == "200"
                    }
                    return (tooMuch, statuses, isFreed)
                }
                #expect(tooMuch == "503")
                #expect(statuses == Array(repeating: "200", count: 5))
                #expect(isFreed)
            })
    }

    @Test func connectionsBeyondTheLimitWait() async throws {
        try await withServer(
            { $0.limits.connections = 2 },
            { server in
                let bodies = try await RawClient.talk(to: server.port) { client in
                    let others = try [RawClient(port: server.port), RawClient(port: server.port)]
                    let request = "GET /stream?1 HTTP/1.1\r\nHost: a\r\n\r\n"
                    try ([client] + others).forEach { try $0.send(request) }
                    let first = try [client.readResponse().body, others[0].readResponse().body]
                    // The third is connected, but not yet accepted: it has its answer only when another has left.
                    client.close()
                    return first + [try others[1].readResponse().body]
                }
                #expect(bodies == ["0;", "0;", "0;"])
            })
    }

    @Test func connectionsOfOneAddressBeyondTheLimitAreClosed() async throws {
        try await withServer(
            { $0.limits.connectionsPerAddress = 2 },
            { server in
                let answers = try await RawClient.talk(to: server.port) { client in
                    let request = "GET /stream?1 HTTP/1.1\r\nHost: a\r\n\r\n"
                    let second = try RawClient(port: server.port)
                    try client.send(request)
                    try second.send(request)
                    let bodies = try [client.readResponse().body, second.readResponse().body]
                    let third = try RawClient(port: server.port)
                    return bodies + [try third.readToEnd()]
                }
                #expect(answers == ["0;", "0;", ""])
            })
    }
}
