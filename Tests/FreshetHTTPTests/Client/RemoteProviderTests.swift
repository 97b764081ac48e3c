import Foundation
import Freshet
import FreshetHTTP
import FreshetTestSupport
import Testing

@Suite(.timeLimit(.minutes(10))) struct RemoteProviderTests {
    private static let key = "sk-0123secret"

    private let chat = GenerationRequest(prompt: .messages([Message(role: .user, content: "Hi.")]), maxTokens: 9)

    private func options(_ url: String) -> RemoteOptions {
        RemoteOptions(baseURL: url, model: "asked", apiKey: Self.key)
    }

    private func answering(_ steps: [LoopbackServer.Step]) throws -> LoopbackServer {
        try LoopbackServer { _ in [.readRequest] + steps }
    }

    @Test func sendsWhatTheDialectSays() async throws {
        let server = try LoopbackServer { _ in Transcript.forms[0].steps }
        for base in ["/v1", "/v1/", "/v1?api-version=1", "/a/v1//?x=/"] {
            _ = try await RemoteProvider(options(server.url + base)).reply(to: chat)
        }
        let plain = GenerationRequest(
            prompt: .text("Once"), deadline: .seconds(60), idleTimeout: .seconds(60), choiceCount: 2,
            shiftsContext: true,
            client: "alice", weight: 3)
        _ = try await RemoteProvider(RemoteOptions(baseURL: server.url, model: "asked")).reply(to: plain)

        let requests = server.requests
        #expect(
            requests.map { $0.head.prefix { $0 != "\r\n" } } == [
                "POST /v1/chat/completions HTTP/1.1", "POST /v1/chat/completions HTTP/1.1",
                "POST /v1/chat/completions?api-version=1 HTTP/1.1", "POST /a/v1/chat/completions?x=/ HTTP/1.1",
                "POST /completions HTTP/1.1",
            ])
        #expect(requests[0].header("Authorization") == "Bearer \(Self.key)")
        #expect(requests[4].header("Authorization") == nil)
        #expect(requests[0].header("Content-Type") == "application/json")
        let body = try JSONSerialization.jsonObject(with: Data(requests[0].body)) as? NSDictionary
        #expect(
            body == [
                "model": "asked", "messages": [["role": "user", "content": "Hi."]], "max_tokens": 9, "stream": true,
                "stream_options": ["include_usage": true],
            ])
        let plainBody = try JSONSerialization.jsonObject(with: Data(requests[4].body)) as? NSDictionary
        #expect(
            plainBody == [
                "model": "asked", "prompt": "Once", "n": 2, "user": "alice", "weight": 3, "context_shift": true,
                "stream": true, "stream_options": ["include_usage": true],
            ], "deadlines are kept on this side")
    }

    /// Neither comments nor a reader that does not read keep a stream from being idle.
    @Test(arguments: [true, false]) func theIdleTimeoutCountsChunks(_ isRead: Bool) async throws {
        let begin = LoopbackServer.chunk(Transcript.wire(Transcript.events.prefix(3), done: false))
        let comments = (0..<4000).flatMap { _ in
            [LoopbackServer.Step.pause(.milliseconds(5)), .send(LoopbackServer.chunk(Array(":\n\n".utf8)))]
        }
        let server = try answering([.send(LoopbackServer.chunkedHead() + begin)] + comments)
        var request = chat
        request.idleTimeout = .seconds(1)
        let iterator = try await RemoteProvider(options(server.url)).stream(request).makeAsyncIterator()
        if !isRead { try await Task.sleep(for: .seconds(2)) }
        let error = await #expect(throws: GenerationError.self) { while try await iterator.next() != nil {} }
        #expect(error?.code == .deadlineExceeded && error?.message.contains("idle timeout") == true)
        #expect(error?.partial?.text == Transcript.pieces.prefix(2).joined())
    }

    /// Of three choices the first has come whole when the connection ends in good order.
    @Test func anAnswerWithoutAllItsChoicesIsTruncated() async throws {
        let body = LoopbackServer.chunk(Transcript.wire(Transcript.events, done: false)) + LoopbackServer.chunk([])
        for (count, isWhole) in [(1, true), (3, false)] {
            let server = try answering([.send(LoopbackServer.chunkedHead() + body)])
            var request = chat
            request.choiceCount = count
            let stream = try await RemoteProvider(options(server.url)).stream(request)
            do {
                let reply = try await stream.collect()
                #expect(isWhole && reply.choices.count == 1)
            } catch {
                #expect(!isWhole && error.code == .truncated && error.partial?.text == Transcript.pieces.joined())
            }
        }
    }

    @Test func anInvalidRequestIsNotSent() async throws {
        let server = try answering([])
        var request = chat
        request.sampling.topP = 2
        let error = await #expect(throws: GenerationError.self) {
            try await RemoteProvider(options(server.url)).stream(request)
        }
        #expect(error?.code == .invalidRequest && error?.parameter == "top_p")
        #expect(server.connectionCount == 0)
    }

    @Test(arguments: [
        ("ftp://a", "m", "k"), ("", "m", "k"), ("http://a", "", "k"), ("http://a", "m", "sk-0123secret\r\nX: y"),
        ("http://u:sk-0123secret@/", "m", "k"),
    ])
    func whatCannotBeUsedIsRefusedAtOnce(_ url: String, _ model: String, _ key: String) {
        let error = #expect(throws: GenerationError.self) {
            try RemoteProvider(RemoteOptions(baseURL: url, model: model, apiKey: key))
        }
        #expect(error?.code == .invalidRequest)
        #expect(Secrets.shown(by: error as Any) == [])
    }

    @Test func nothingShowsTheKey() throws {
        let options = options("http://u:\(Self.key)@127.0.0.1/v1?k=\(Self.key)")
        #expect(Secrets.shown(by: options) == [])
        #expect(Secrets.shown(by: try RemoteProvider(options)) == [])
    }

    @Test(
        arguments: [
            (
                "401 Unauthorized", "A: b",
                #"{"error":{"message":"Wrong key sk-0123secret.","code":"invalid_api_key"}}"#,
                .unauthorized, "Wrong key ….", nil
            ),
            (
                "429 Too Many Requests", "Retry-After: 7", #"{"error":{"message":"Slow down.","type":"requests"}}"#,
                .rateLimited, "Slow down.", .seconds(7)
            ),
            ("503 Busy", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT", "{}", .overloaded, "status 503", .zero),
            (
                "404 Not Found", "Content-Type: text/html", "<html>Nothing here</html>", .notFound,
                "usually ends in /v1.", nil
            ),
            (
                "400 Bad Request", "A: b", #"{"error":{"message":"No.","param":"stop","code":null}}"#, .invalidRequest,
                "No.", nil
            ),
            ("500 Oops", "A: b", "", .providerFailed, "status 500", nil),
        ] as [(String, String, String, GenerationError.Code, String, Duration?)])
    func aRefusalIsThrownBeforeTheStream(
        _ status: String, _ header: String, _ body: String, _ code: GenerationError.Code, _ words: String,
        _ retryAfter: Duration?
    ) async throws {
        let server = try answering([.send(LoopbackServer.response(status, headers: [header], body: body))])
        let error = await #expect(throws: GenerationError.self) {
            try await RemoteProvider(options(server.url)).stream(chat)
        }
        #expect(error?.code == code && error?.retryAfter == retryAfter)
        #expect(error?.message.contains(words) == true, "\(error as Any)")
        #expect(Secrets.shown(by: error as Any) == [])
    }

    @Test(arguments: [
        ("Content-Type: text/html; charset=utf-8", "text/html"),
        ("Content-Type: text/event-streams", "text/event-streams"),
        ("A: b", "without a content type"), ("Content-Type: \u{1B}[31mx\u{7}", "[31mx"),
    ])
    func anotherTypeIsThrownBeforeTheStream(_ header: String, _ words: String) async throws {
        let server = try answering([
            .send(LoopbackServer.response(headers: [header], body: "<html>Welcome to nginx!</html>"))
        ])
        let error = await #expect(throws: GenerationError.self) {
            try await RemoteProvider(options(server.url)).stream(chat)
        }
        #expect(error?.code == .badResponse)
        #expect(error?.message.contains(words) == true && error?.message.contains("check the base URL") == true)
        #expect(error?.message.contains("\u{1B}") == false)
    }

    @Test(
        arguments: [
            (
                "application/json", #"{"error":{"message":"Out of tokens.","code":"insufficient_quota"}}"#,
                .rateLimited, "Out of tokens."
            ),
            ("application/json", "{", .badResponse, "not JSON"),
            ("application/json", "{}", .badResponse, "no finished answer"),
            ("text/event-stream", "data: {\"x\":\n\n", .badResponse, "not JSON"),
            ("text/event-stream", "<html>\n\n", .truncated, "stopped before"),
            ("text/event-stream", "data: \(String(repeating: "x", count: 5 << 20))", .badResponse, "line of more than"),
        ] as [(String, String, GenerationError.Code, String)])
    func aBodyThatIsNoAnswerFailsTheStream(
        _ type: String, _ body: String, _ code: GenerationError.Code, _ words: String
    ) async throws {
        let server = try answering([.send(LoopbackServer.response(headers: ["Content-Type: \(type)"], body: body))])
        let stream = try await RemoteProvider(options(server.url)).stream(chat)
        let error = await #expect(throws: GenerationError.self) { try await stream.collect() }
        #expect(error?.code == code && error?.message.contains(words) == true, "\(error as Any)")
        #expect(error?.partial == Reply())
    }

    @Test func chunksCarryTheirBytesWhereAsked() async throws {
        let events = [
            #"{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
            #"{"id":"1","choices":[{"index":0,"delta":{"content":"é"},"finish_reason":"stop"}],"x":1}"#,
        ]
        let answer = LoopbackServer.response(
            headers: ["Content-Type: text/event-stream"],
            body: String(decoding: Transcript.wire(events), as: UTF8.self))
        for keepsRawBytes in [false, true] {
            let server = try answering([.send(answer)])
            var options = options(server.url)
            options.keepsRawBytes = keepsRawBytes
            var raw: [String] = []
            for try await chunk in try await RemoteProvider(options).stream(chat) {
                if let bytes = chunk.metadata?.raw { raw.append(String(decoding: bytes, as: UTF8.self)) }
            }
            #expect(raw == (keepsRawBytes ? events : []))
        }
    }

    @Test func aSlowReaderHoldsTheServerAndLosesNothing() async throws {
        let text = String(repeating: "word ", count: 8000)
        func event(_ number: Int) -> [UInt8] {
            let delta = #"{"content":"\#(number) \#(text)"}"#
            return Transcript.wire([#"{"id":"1","choices":[{"index":0,"delta":\#(delta)}]}"#], done: false)
        }
        let count = 1200
        let steps = (0..<count).map { LoopbackServer.Step.send(LoopbackServer.chunk(event($0))) }
        let end = Transcript.wire([#"{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#])
        let server = try answering(
            [.send(LoopbackServer.chunkedHead())] + steps
                + [.send(LoopbackServer.chunk(end)), .send(LoopbackServer.chunk([]))])
        let iterator = try await RemoteProvider(options(server.url)).stream(chat).makeAsyncIterator()
        _ = try await iterator.next()
        var sent = -1
        while sent != server.sentByteCount {
            sent = server.sentByteCount
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(sent < count * text.utf8.count / 2)
        while try await iterator.next() != nil {}
        let expected = (0..<count).map { "\($0) ".utf8.count + text.utf8.count }.reduce(0, +)
        #expect(iterator.reply.text.utf8.count == expected)
        #expect(iterator.reply.finish?.reason == .length)
    }

    @Test func aReaderThatLeavesClosesTheConnection() async throws {
        let server = try answering([
            .send(LoopbackServer.chunkedHead()),
            .send(LoopbackServer.chunk(Transcript.wire(Transcript.events.prefix(2), done: false))), .stall,
        ])
        let provider = try RemoteProvider(options(server.url))
        for try await chunk in try await provider.stream(chat) where chunk.text != nil { break }
        try await server.wait { $0.openConnectionCount == 0 }
        #expect(server.connectionCount == 1)
        // Nor does a stream that nobody begins to read hold anything.
        do { _ = try await provider.stream(chat) }
        try await server.wait { $0.openConnectionCount == 0 }
        #expect(server.connectionCount == 2)
    }

    @Test func aTaskThatWaitsForTheAnswerCanBeCancelled() async throws {
        let server = try answering([.stall])
        let provider = try RemoteProvider(options(server.url))
        let task = Task { try await provider.stream(chat) }
        try await server.wait { $0.requests.count == 1 }
        task.cancel()
        let error = await #expect(throws: GenerationError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        try await server.wait { $0.openConnectionCount == 0 }
    }

    @Test func theRequestsDeadlineIsForTheWholeAnswer() async throws {
        let beginning = Transcript.wire(Transcript.events.prefix(2), done: false)
        let server = try answering([.send(LoopbackServer.chunkedHead() + LoopbackServer.chunk(beginning)), .stall])
        var request = chat
        request.deadline = .seconds(2)
        let error = try await ProviderConformance.failureKeepsPartialWork(RemoteProvider(options(server.url)), request)
        #expect(error.code == .deadlineExceeded && error.message.contains("total deadline"))
        #expect(error.partial?.text == "Naïve ")
    }

    @Test func aStreamOutlivesItsProvider() async throws {
        let events = Transcript.events
        let server = try LoopbackServer { _ in
            [
                .readRequest, .send(LoopbackServer.chunkedHead()),
                .send(LoopbackServer.chunk(Transcript.wire(events.prefix(2), done: false))), .waitForRequests(2),
                .send(LoopbackServer.chunk(Transcript.wire(events.dropFirst(2)))), .send(LoopbackServer.chunk([])),
            ]
        }
        var provider: RemoteProvider? = try RemoteProvider(options(server.url))
        let iterator = try await provider!.stream(chat).makeAsyncIterator()
        _ = try await iterator.next()
        provider = nil
        _ = try await RemoteProvider(options(server.url)).reply(to: chat)
        while try await iterator.next() != nil {}
        #expect(iterator.reply.text == Transcript.pieces.joined())
    }

    @Test func shuttingDownFailsWhatRuns() async throws {
        let server = try answering([.send(LoopbackServer.chunkedHead()), .stall])
        let provider = try RemoteProvider(options(server.url))
        let stream = try await provider.stream(chat)
        await provider.shutDown()
        let error = await #expect(throws: GenerationError.self) { try await stream.collect() }
        #expect(error?.code == .shuttingDown)
    }
}
