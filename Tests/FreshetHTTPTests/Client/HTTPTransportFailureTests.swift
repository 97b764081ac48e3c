import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

/// Everything that can go wrong between a request and the end of its answer. Every request is full of secrets, and no
/// failure may show one.
@Suite(.timeLimit(.minutes(10))) struct HTTPTransportFailureTests {
    typealias Step = LoopbackServer.Step

    private let transport: HTTPTransport

    init() throws { transport = try HTTPTransport() }

    private static let head = LoopbackServer.chunkedHead()
    private static let begun = head + LoopbackServer.chunk(Array("begun".utf8))

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var steps: [Step]
        var code: GenerationError.Code
        var words: String
        var body = ""
        var scheme = "http"
        var deadlines = HTTPDeadlines()
    }

    static let cases = [
        Case(
            testDescription: "closed without a word", steps: [.readRequest], code: .truncated,
            words: "without an answer"),
        Case(
            testDescription: "reset without a word", steps: [.readRequest, .reset], code: .truncated,
            words: "without an answer"),
        Case(
            testDescription: "closed in the head", steps: [.readRequest, .send("HTTP/1.1 200 OK\r\nA: b\r\n")],
            code: .truncated, words: "without an answer"),
        Case(
            testDescription: "closed before the length is reached",
            steps: [.readRequest, .send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nbegun")], code: .truncated,
            words: "before the end", body: "begun"),
        Case(
            testDescription: "closed between chunks", steps: [.readRequest, .send(begun)], code: .truncated,
            words: "before the end", body: "begun"),
        Case(
            testDescription: "closed within a chunk", steps: [.readRequest, .send(begun + Array("9\r\nwith".utf8))],
            code: .truncated, words: "before the end", body: "begunwith"),
        Case(
            testDescription: "a chunk that is none",
            steps: [.readRequest, .send(begun + Array("xyz\r\n".utf8)), .stall],
            code: .truncated, words: "before the end", body: "begun"),
        Case(
            testDescription: "no connection in time", steps: [.stall], code: .deadlineExceeded,
            words: "within 0.05 s (connect deadline)", scheme: "https",
            deadlines: HTTPDeadlines(connect: .milliseconds(50), total: .seconds(60))),
        Case(
            testDescription: "no first byte in time", steps: [.readRequest, .stall], code: .deadlineExceeded,
            words: "did not begin to answer within 0.05 s (first-byte deadline)",
            deadlines: HTTPDeadlines(connect: .seconds(60), firstByte: .milliseconds(50), idle: .milliseconds(1))),
        Case(
            testDescription: "nothing more in time", steps: [.readRequest, .send(begun), .stall],
            code: .deadlineExceeded, words: "sent nothing for 0.05 s (idle deadline)", body: "begun",
            deadlines: HTTPDeadlines(firstByte: .seconds(60), idle: .milliseconds(50), total: .seconds(60))),
        Case(
            testDescription: "not whole in time",
            steps: [.readRequest, .send(head)]
                + [[Step]](repeating: [.send("1\r\n.\r\n"), .pause(.milliseconds(20))], count: 100).flatMap { $0 } + [
                    .stall
                ],
            code: .deadlineExceeded, words: "not whole within 0.2 s (total deadline)", body: ".",
            deadlines: HTTPDeadlines(connect: .seconds(60), firstByte: .seconds(60), total: .milliseconds(200))),
        Case(
            testDescription: "an endless head",
            steps: [.readRequest, .send("HTTP/1.1 200 OK\r\n")]
                + [Step](repeating: .send("X: \(String(repeating: "a", count: 1000))\r\n"), count: 200),
            code: .badResponse,
            words: "longer than 65536 bytes"),
        Case(
            testDescription: "preliminary answers without end",
            steps: [.readRequest] + [Step](repeating: .send("HTTP/1.1 100 Continue\r\n\r\n"), count: 5000),
            code: .badResponse, words: "longer than 65536 bytes"),
        Case(
            testDescription: "another protocol", steps: [.readRequest, .send("SSH-2.0-OpenSSH_9.2\r\n"), .stall],
            code: .badResponse, words: "not HTTP"),
        Case(
            testDescription: "no TLS", steps: [.send(LoopbackServer.response("400 Bad Request", body: "plain"))],
            code: .unreachable, words: "secure connection", scheme: "https"),
        Case(
            testDescription: "a redirect to another host",
            steps: [
                .readRequest,
                .send(
                    LoopbackServer.response(
                        "308 Permanent",
                        headers: ["Location: https://u:\(Secrets.all[1])@other.example/?\(Secrets.all[2])"],
                        body: Secrets.all[3])),
            ], code: .badResponse, words: "redirects (308) to https://other.example, which is not followed"),
        Case(
            testDescription: "a redirect to another path",
            steps: [
                .readRequest,
                .send(LoopbackServer.response("302 Found", headers: ["Location: /?\(Secrets.all[2])"], body: "moved")),
            ], code: .badResponse, words: "redirects (302) to another of its pages"),
    ]

    @Test(arguments: cases) func failsAsItShould(_ test: Case) async throws {
        let server = try LoopbackServer { _ in test.steps }
        let receiver = RecordingReceiver()
        let request = Secrets.request(server, scheme: test.scheme, deadlines: test.deadlines)
        let exchange = try transport.start(request, receiver: receiver)
        let error = try await receiver.failure()
        #expect(error.code == test.code, "\(error)")
        #expect(error.message.contains(test.words), "\(error)")
        #expect(error.message.contains("127.0.0.1:\(server.port)"), "\(error)")
        let body = String(decoding: receiver.body, as: UTF8.self)
        #expect(test.words.contains("total deadline") ? body.allSatisfy { $0 == "." } : body == test.body)
        #expect(receiver.endCount == 1)
        #expect(Secrets.shown(by: error) == [])
        #expect(Secrets.shown(by: exchange) == [])
        #expect(server.requests.count <= 1, "nothing is sent twice, nothing is followed")
    }

    @Test func aResetInMidBodyIsTruncation() async throws {
        let server = try LoopbackServer { _ in [.readRequest, .send(Self.begun), .waitForRequests(2), .reset] }
        let receiver = RecordingReceiver()
        _ = try transport.start(Secrets.request(server), receiver: receiver)
        try await receiver.wait { !$0.body.isEmpty }
        // A second request gives the sign for the reset.
        let other = RecordingReceiver()
        _ = try transport.start(Secrets.request(server), receiver: other)
        #expect(try await receiver.failure().code == .truncated)
        #expect(receiver.body == Array("begun".utf8))
        #expect(try await other.failure().code == .truncated)
    }

    @Test func aServerThatIsNotThereIsUnreachable() async throws {
        var server: LoopbackServer? = try LoopbackServer { _ in [] }
        let gone = Secrets.request(server!)
        server = nil
        // Until the server's thread has closed the port, a connection may still be made and dropped.
        while true {
            let receiver = RecordingReceiver()
            _ = try transport.start(gone, receiver: receiver)
            let error = try await receiver.failure()
            #expect(Secrets.shown(by: error) == [])
            guard error.code == .unreachable else { continue }
            #expect(error.message.hasPrefix("Could not connect to 127.0.0.1:"), "\(error)")
            #expect(error.message.hasSuffix("Connection refused."), "\(error)")
            return
        }
    }

    @Test func aNameThatIsNoneIsUnreachable() async throws {
        let receiver = RecordingReceiver()
        let url = "http://user:\(Secrets.all[1])@no-such-host.invalid/?\(Secrets.all[2])"
        _ = try transport.start(HTTPClientRequest(.get, url), receiver: receiver)
        let error = try await receiver.failure()
        #expect(error.code == .unreachable && error.message.contains("no-such-host.invalid"), "\(error)")
        #expect(Secrets.shown(by: error) == [])
    }

    /// A status that says what is wrong is the end, whatever happens to its body.
    @Test(
        arguments: [
            ("429 Too Many Requests", "Retry-After: 7", "{\"error\": 1}", [], 12),
            ("500 Oops", "Content-Type: text/html", String(repeating: "<p>", count: 100_000), [.stall], 65536),
            ("404 Not Found", "A: b", "", [], 0),
        ] as [(String, String, String, [Step], Int)])
    func anotherStatusIsARefusal(
        _ status: String, _ header: String, _ body: String, _ rest: [Step], _ kept: Int
    ) async throws {
        let server = try LoopbackServer { _ in
            [.readRequest, .send(LoopbackServer.response(status, headers: [header], body: body))] + rest
        }
        try await expectRefusal(server, status: Int(status.prefix(3))!, body: String(body.prefix(kept)))
    }

    @Test(
        arguments: [
            [.send("HTTP/1.1 503 Busy\r\nContent-Length: 99\r\n\r\nhalf")],
            [.send("HTTP/1.1 503 Busy\r\nContent-Length: 99\r\n\r\nhalf"), .stall],
            [.send("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")],
        ] as [[Step]])
    func aRefusalMayBreakOff(_ steps: [Step]) async throws {
        let server = try LoopbackServer { _ in [.readRequest] + steps }
        try await expectRefusal(server, status: 503, body: "half")
    }

    private func expectRefusal(_ server: LoopbackServer, status: Int, body: String) async throws {
        let receiver = RecordingReceiver()
        let request = Secrets.request(server, deadlines: HTTPDeadlines(idle: .seconds(1)))
        _ = try transport.start(request, receiver: receiver)
        guard case .refused(let head, let bytes) = await receiver.end() else {
            Issue.record("not a refusal: \(await receiver.end())")
            return
        }
        #expect(head.status == status)
        #expect(String(decoding: bytes, as: UTF8.self) == body)
        #expect(receiver.head == nil && receiver.body.isEmpty && receiver.endCount == 1)
    }
}
