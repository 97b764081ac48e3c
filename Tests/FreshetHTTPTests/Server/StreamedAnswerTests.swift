import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetHTTP

/// Streamed answers as a client gets them, over a socket.
@Suite(.timeLimit(.minutes(10))) struct StreamedAnswerTests {
    private static let request = #"{"messages":[{"role":"user","content":"Hi"}],"stream":true}"#

    /// What a client is to get for a chunk.
    private static func frame(_ content: String, finish: String = "null", usage: String = "") -> String {
        #"data: {"id":"scripted-1","object":"chat.completion.chunk","created":1,"model":"scripted","choices":["#
            + #"{"index":0,"delta":{\#(content)},"logprobs":null,"finish_reason":\#(finish)}]\#(usage)}"# + "\n\n"
    }

    private static func withService(
        _ provider: any Provider, log: @escaping @Sendable (RequestLogLine) -> Void = { _ in },
        _ change: (inout InferenceService.Options) -> Void = { _ in }, _ body: (HTTPServer) async throws -> Void
    ) async throws {
        let service = try makeService(provider, change: change, log: log)
        try await withServer(
            {
                $0.errorResponse = { service.response(to: $0) }
                $0.limits.lastWordsTime = .seconds(30)
            }, handler: service.respond(to:), body)
    }

    @Test func theFramesAreOpenAIsAndTheConnectionGoesOn() async throws {
        try await Self.withService(ScriptedProvider(answering: ["Hé", "\n"])) { server in
            let (first, second) = try await RawClient.talk(to: server.port) { client in
                try client.post(Self.request)
                let first = try client.readResponse()
                return (first, try client.get("/health"))
            }
            for field in [
                "HTTP/1.1 200 ", "Content-Type: text/event-stream\r\n", "Cache-Control: no-cache\r\n",
                "X-Accel-Buffering: no\r\n", "x-request-id: req-",
            ] { #expect(first.header.contains(field)) }
            #expect(
                first.body
                    == Self.frame(#""role":"assistant","content":"""#) + Self.frame(#""content":"H\u00e9""#)
                    + Self.frame(#""content":"\n""#) + Self.frame("", finish: #""stop""#) + "data: [DONE]\n\n")
            #expect(second.body == #"{"status":"ok"}"#)
        }
    }

    @Test func usageComesWhenAskedFor() async throws {
        try await Self.withService(ScriptedProvider(answering: ["a"])) { server in
            let body = try await RawClient.talk(to: server.port) { client in
                try client.post(Self.request.dropLast() + #","stream_options":{"include_usage":true}}"#)
                return try client.readResponse().body
            }
            let frames = body.split(separator: "\n\n")
            #expect(frames.count == 5 && frames.last == "data: [DONE]")
            #expect(frames.prefix(3).allSatisfy { $0.hasSuffix(#","usage":null}"#) })
            #expect(frames[3].contains(#""choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1,"#))
        }
    }

    /// The stream ends properly, without the sign of a whole answer, and the connection goes on.
    @Test func anErrorInMidStreamIsAnEvent() async throws {
        let lines = Collected<RequestLogLine>()
        let failure = GenerationError(.engineFailed, "The engine failed.")
        let provider = ScriptedProvider([.write(.role(.assistant)), .write(.text("a")), .pause, .fail(failure)])
        try await Self.withService(provider, log: { lines.add($0) }) { server in
            let bodies = try await RawClient.talk(to: server.port) { client in
                try (0..<2).map { _ in
                    try client.post(Self.request)
                    return try client.readResponse().body
                }
            }
            for body in bodies {
                #expect(
                    body.hasSuffix(
                        "\n\ndata: {\"error\":{\"message\":\"The engine failed.\",\"type\":\"server_error\",\"param\":null,"
                            + "\"code\":\"engine_failed\"}}\n\n"))
                #expect(body.contains(#""content":"a""#) && !body.contains("[DONE]"))
            }
        }
        let line = try #require(await lines.next())
        #expect(line.status == 200 && line.error == .engineFailed && line.finish == nil && line.cut == nil)
    }

    @Test(arguments: [[], [ScriptedProvider.Step.write(.role(.assistant))]])
    func aSilentStreamIsKeptAliveByComments(before: [ScriptedProvider.Step]) async throws {
        let lines = Collected<RequestLogLine>()
        let provider = ScriptedProvider(before + [.stall])
        try await Self.withService(provider, log: { lines.add($0) }, { $0.pingInterval = .milliseconds(20) }) {
            server in
            try await RawClient.talk(to: server.port) { client in
                try client.post(Self.request)
                // Each in a frame of its own: never at the head of a frame of data.
                let ping = "3\r\n:\n\n\r\n"
                _ = try client.read(until: ping)
                for _ in 0..<2 { #expect(try client.read(until: ping) == ping) }
            }
            // The client has left.
            #expect(await lines.next()?.cut == .clientLeft)
        }
        #expect(provider.record.snapshot.cancelled == 1)
    }

    @Test(arguments: [true, false])
    func aClientThatLeavesCancelsItsStream(streams: Bool) async throws {
        let lines = Collected<RequestLogLine>()
        let begun = Flag()
        let provider = ScriptedProvider([.write(.role(.assistant)), .write(.text("a")), .stall])
        try await Self.withService(provider, log: { lines.add($0) }) { server in
            let body = streams ? Self.request : Self.request.replacing("true", with: "false")
            async let talk: Void = RawClient.talk(to: server.port) { client in
                try client.post(body)
                begun.wait()
            }
            while provider.record.snapshot.written < 2 { await Task.yield() }
            begun.raise()
            try await talk
            let line = try #require(await lines.next())
            #expect(line.cut == .clientLeft && line.error == nil && line.finish == nil)
            #expect(streams || line.status == 499)
        }
        #expect(provider.record.snapshot.cancelled == 1)
    }

    @Test func theServersEndIsToldAsAnEvent() async throws {
        let (lines, begun) = (Collected<RequestLogLine>(), Collected<Bool>())
        let provider = ScriptedProvider([.write(.role(.assistant)), .write(.text("a")), .stall])
        try await Self.withService(provider, log: { lines.add($0) }) { server in
            async let body = RawClient.talk(to: server.port) { client in
                try client.post(Self.request)
                _ = try client.read(until: #""content":"a""#)
                begun.add(true)
                return try client.readToEnd()
            }
            #expect(await begun.next() == true)
            await server.shutDown(within: .zero)
            let text = try await body
            #expect(text.contains(#""code":"shutting_down""#) && !text.contains("[DONE]"))
            #expect(text.hasSuffix("\r\n0\r\n\r\n"), "the body is ended properly")
        }
        #expect(await lines.next()?.error == .shuttingDown)
    }

    @Test func aSlowReaderLosesNothing() async throws {
        let pieces = (0..<5000).map { "\($0) " }
        let provider = ScriptedProvider(answering: pieces)
        try await Self.withService(provider) { server in
            let body = try await RawClient.talk(to: server.port, receiveBuffer: 4096) { client in
                try client.post(#"{"prompt":"Hi","stream":true}"#, to: "/v1/completions")
                client.pause(.milliseconds(100))
                return try client.readResponse().body
            }
            #expect(body.hasSuffix("\n\ndata: [DONE]\n\n"))
            let texts = try body.split(separator: "\n\n").dropLast().compactMap { frame in
                let chunk = try JSONValue(json: Array(frame.dropFirst("data: ".count).utf8))
                guard case .array(let choices)? = chunk["choices"] else { return JSONValue?.none }
                return choices.first?["text"]
            }
            #expect(texts.filter { $0 != "" } == pieces.map { .string($0) })
        }
    }
}
