import Freshet
import FreshetHTTP
import FreshetTestSupport
import Glibc
import Testing

@Suite(.timeLimit(.minutes(10))) struct HTTPTransportTests {
    private let transport: HTTPTransport

    init() throws { transport = try HTTPTransport() }

    private let stalls: [LoopbackServer.Step] = [
        .readRequest, .send(LoopbackServer.chunkedHead() + LoopbackServer.chunk(Array("begun".utf8))), .stall,
    ]

    @Test func sendsTheRequestAndUsesConnectionsAgain() async throws {
        let server = try LoopbackServer { _ in
            [.readRequest, .send(LoopbackServer.response(headers: ["X-Answer: 42"], body: "hello")), .again]
        }
        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for _ in 0..<2 {
            let receiver = RecordingReceiver()
            let request = HTTPClientRequest(
                .post, server.url + "/v1/x?y=1", headers: ["Content-Type": "application/json", "X-Empty": ""],
                body: body)
            _ = try transport.start(request, receiver: receiver)
            #expect(await receiver.end().isFinished)
            #expect(receiver.head?.status == 200 && receiver.head?.headers["x-answer"] == "42")
            #expect(String(decoding: receiver.body, as: UTF8.self) == "hello")
        }
        let receiver = RecordingReceiver()
        _ = try transport.start(HTTPClientRequest(.get, server.url), receiver: receiver)
        #expect(await receiver.end().isFinished)

        let requests = server.requests
        #expect(requests.map(\.connection) == [0, 0, 0])
        #expect(requests[0].head.hasPrefix("POST /v1/x?y=1 HTTP/1.1\r\n"))
        #expect(requests[0].header("Host") == "127.0.0.1:\(server.port)")
        #expect(requests[0].header("Content-Type") == "application/json")
        #expect(requests[0].header("X-Empty") == "")
        #expect(requests[0].header("Expect") == nil)
        #expect(requests[0].body == body)
        #expect(requests[2].head.hasPrefix("GET / HTTP/1.1\r\n") && requests[2].body.isEmpty)
    }

    @Test func theWayOfFramingDoesNotMatter() async throws {
        let body = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let close = Array("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8)
        let chunks = stride(from: 0, to: body.count, by: 700).flatMap {
            LoopbackServer.chunk(body[$0..<min($0 + 700, body.count)])
        }
        let scripts: [[LoopbackServer.Step]] = [
            [.send(close), .send(body)],
            [.trickle(close + body, packet: 13)],
            [.send(LoopbackServer.chunkedHead() + chunks + LoopbackServer.chunk([]))],
            [.trickle(LoopbackServer.chunkedHead() + chunks + LoopbackServer.chunk([]), packet: 11)],
            [.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n"), .send(body)],
        ]
        let server = try LoopbackServer { [.readRequest] + scripts[$0] }
        for _ in scripts {
            let receiver = RecordingReceiver()
            _ = try transport.start(HTTPClientRequest(.get, server.url), receiver: receiver)
            #expect(await receiver.end().isFinished)
            #expect(receiver.head?.status == 200 && receiver.body == body)
        }
        #expect(server.connectionCount == scripts.count)
    }

    @Test func aPauseHoldsTheServerAndLosesNothing() async throws {
        let count = 64 << 20
        let server = try LoopbackServer { _ in
            [.readRequest, .send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n"), .flood(97, count: count)]
        }
        let receiver = RecordingReceiver { $0 < 1 << 20 ? .pause : .goOn }
        let exchange = try transport.start(HTTPClientRequest(.get, server.url), receiver: receiver)
        try await receiver.wait { !$0.body.isEmpty }
        var sent = -1
        while sent != server.sentByteCount {
            sent = server.sentByteCount
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(sent < count / 2, "the kernel's buffers hold far less")
        let taken = receiver.body.count
        #expect(taken < 1 << 20)
        let time = receiver.threadTime!
        try await Task.sleep(for: .milliseconds(300))
        #expect(receiver.threadTime! - time < 0.1, "a paused exchange costs nothing")
        #expect(receiver.body.count == taken)
        while !receiver.isEnded {
            exchange.resume()
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(await receiver.end().isFinished)
        #expect(receiver.body.count == count && receiver.body.allSatisfy { $0 == 97 })
    }

    @Test func anExchangeThatPausesEveryTimeIsWhole() async throws {
        var generator = SeededGenerator(seed: 5)
        let body = (0..<500_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let chunks = stride(from: 0, to: body.count, by: 3000).flatMap {
            LoopbackServer.chunk(body[$0..<min($0 + 3000, body.count)])
        }
        let server = try LoopbackServer { _ in
            [.readRequest, .send(LoopbackServer.chunkedHead() + chunks + LoopbackServer.chunk([])), .again]
        }
        for _ in 0..<3 {
            let receiver = RecordingReceiver { _ in .pause }
            let exchange = try transport.start(HTTPClientRequest(.get, server.url), receiver: receiver)
            while !receiver.isEnded {
                exchange.resume()
                await Task.yield()
            }
            #expect(await receiver.end().isFinished)
            #expect(receiver.body == body)
        }
        #expect(server.connectionCount == 1)
    }

    @Test func aStalledExchangeCostsNoTime() async throws {
        let server = try LoopbackServer { [stalls] _ in stalls }
        let receiver = RecordingReceiver()
        let deadlines = HTTPDeadlines(connect: .seconds(60), firstByte: .seconds(60), idle: .seconds(60))
        let exchange = try transport.start(
            HTTPClientRequest(.get, server.url, deadlines: deadlines), receiver: receiver)
        try await receiver.wait { !$0.body.isEmpty }
        let time = receiver.threadTime!
        try await Task.sleep(for: .milliseconds(500))
        #expect(receiver.threadTime! - time < 0.1)
        exchange.cancel()
    }

    /// Each is answered only when all have asked: none waits for another.
    @Test func manyExchangesRunSideBySide() async throws {
        let count = 64
        let server = try LoopbackServer { _ in
            [.readRequest, .waitForRequests(count), .send(LoopbackServer.response(body: "together")), .again]
        }
        let receivers = (0..<count).map { _ in RecordingReceiver() }
        for receiver in receivers { _ = try transport.start(Secrets.request(server), receiver: receiver) }
        for receiver in receivers {
            #expect(await receiver.end().isFinished)
            #expect(receiver.body == Array("together".utf8) && receiver.endCount == 1)
        }
        #expect(server.connectionCount == count)
        let receiver = RecordingReceiver()
        _ = try transport.start(Secrets.request(server), receiver: receiver)
        #expect(await receiver.end().isFinished)
        #expect(server.connectionCount == count)
    }

    @Test func cancellingEndsEveryPhaseAndClosesTheConnection() async throws {
        let server = try LoopbackServer { [stalls] in [[.stall], [.readRequest, .stall], stalls, stalls][$0] }
        let phases:
            [(scheme: String, verdict: HTTPVerdict, reached: @Sendable (LoopbackServer, RecordingReceiver) -> Bool)] = [
                // The server never says a word of TLS.
                ("https", .goOn, { server, _ in server.openConnectionCount == 1 }),
                ("http", .goOn, { server, _ in server.requests.count == 1 }),
                ("http", .goOn, { _, receiver in !receiver.body.isEmpty }),
                ("http", .pause, { _, receiver in !receiver.body.isEmpty }),
            ]
        for phase in phases {
            let receiver = RecordingReceiver { _ in phase.verdict }
            let exchange = try transport.start(Secrets.request(server, scheme: phase.scheme), receiver: receiver)
            try await server.wait { phase.reached($0, receiver) }
            for _ in 0..<2 { exchange.cancel() }
            #expect(try await receiver.failure().code == .cancelled)
            try await server.wait { $0.openConnectionCount == 0 }
            exchange.cancel()
            exchange.resume()
            #expect(receiver.endCount == 1)
        }
        #expect(server.connectionCount == phases.count)
    }

    /// A program that is started meanwhile does not keep the connection open.
    @Test func socketsAreNotInherited() async throws {
        let server = try LoopbackServer { [stalls] _ in stalls }
        let receiver = RecordingReceiver { _ in .goOn }
        let exchange = try transport.start(Secrets.request(server), receiver: receiver)
        try await server.wait { _ in !receiver.body.isEmpty }
        var child = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("600"), nil]
        defer { arguments.forEach { free($0) } }
        try #require(posix_spawnp(&child, "sleep", nil, nil, &arguments, environ) == 0)
        defer {
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
        }
        exchange.cancel()
        try await server.wait { $0.openConnectionCount == 0 }
    }

    @Test func aReceiverCanStop() async throws {
        let server = try LoopbackServer { [stalls] _ in stalls }
        let receiver = RecordingReceiver { _ in .stop }
        _ = try transport.start(Secrets.request(server), receiver: receiver)
        #expect(try await receiver.failure().code == .cancelled)
        #expect(receiver.body == Array("begun".utf8))
        try await server.wait { $0.openConnectionCount == 0 }
    }

    @Test func shuttingDownEndsWhatRuns() async throws {
        let server = try LoopbackServer { [stalls] in [[.stall], [.readRequest, .stall], stalls, stalls][$0 % 4] }
        let receivers = (0..<8).map { number in RecordingReceiver { _ in number % 2 == 0 ? .goOn : .pause } }
        for receiver in receivers { _ = try transport.start(Secrets.request(server), receiver: receiver) }
        try await server.wait { $0.requests.count == 6 }
        await transport.shutDown()
        for receiver in receivers {
            #expect(try await receiver.failure().code == .shuttingDown)
            #expect(receiver.endCount == 1)
        }
        try await server.wait { $0.openConnectionCount == 0 }
        let error = #expect(throws: GenerationError.self) {
            try transport.start(Secrets.request(server), receiver: RecordingReceiver())
        }
        #expect(error?.code == .shuttingDown)
        await transport.shutDown()
    }

    @Test func lettingTheTransportGoShutsItDown() async throws {
        let server = try LoopbackServer { [stalls] _ in stalls }
        let receiver = RecordingReceiver()
        var transport: HTTPTransport? = try HTTPTransport()
        let exchange = try transport?.start(Secrets.request(server), receiver: receiver)
        try await receiver.wait { !$0.body.isEmpty }
        transport = nil
        #expect(try await receiver.failure().code == .shuttingDown)
        try await server.wait { $0.openConnectionCount == 0 }
        exchange?.resume()
        exchange?.cancel()
        #expect(receiver.endCount == 1)
    }

    @Test func exchangesAreBounded() async throws {
        let server = try LoopbackServer { [stalls] _ in stalls }
        let transport = try HTTPTransport(capacity: 2)
        let receivers = (0..<2).map { _ in RecordingReceiver() }
        let exchanges = try receivers.map { try transport.start(Secrets.request(server), receiver: $0) }
        let refused = RecordingReceiver()
        let error = #expect(throws: GenerationError.self) {
            try transport.start(Secrets.request(server), receiver: refused)
        }
        #expect(error?.code == .overloaded && error?.retryAfter != nil)
        exchanges[1].cancel()
        _ = await receivers[1].end()
        let admitted = try transport.start(Secrets.request(server), receiver: refused)
        admitted.cancel()
        #expect(try await refused.failure().code == .cancelled)
        #expect(!receivers[0].isEnded)
    }

    @Test func anInvalidRequestIsRefusedBeforeAnythingElse() throws {
        let receiver = RecordingReceiver()
        let error = #expect(throws: GenerationError.self) {
            try transport.start(HTTPClientRequest(.get, "file:///etc/passwd"), receiver: receiver)
        }
        #expect(error?.code == .invalidRequest && !receiver.isEnded)
    }
}
