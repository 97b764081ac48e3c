import Foundation
import Freshet
import FreshetTestSupport
import Testing

/// `freshet serve` as a process, on the embedded model, seen from the other end of a socket.
@Suite(.timeLimit(.minutes(10))) struct ServeTests {
    /// A chat whose answer always has the same text. A prompt that is computed in other pieces may give another token.
    private static func chat(_ fields: String = "", text: String = "Tell a story.") -> String {
        #"{"messages":[{"role":"user","content":"\#(text)"}],"seed":7,"cache_prompt":false\#(fields)}"#
    }

    /// A stream that ends only after a long while, when the context of ``longContext`` is full.
    private static let endless = chat(#","stream":true,"ignore_eos":true,"max_tokens":1000000"#)
    private static let longContext = ["--ctx-size", "32768"]

    /// The answer's text in a stream's body, or the value of another member.
    private static func texts(in body: String) throws -> String {
        try body.split(separator: "\n\n").filter { $0 != "data: [DONE]" }.map { frame in
            let object = try JSONSerialization.jsonObject(with: Data(frame.dropFirst("data: ".count).utf8))
            let choice = ((object as? [String: Any])?["choices"] as? [[String: Any]])?.first
            return choice?["text"] as? String ?? (choice?["delta"] as? [String: Any])?["content"] as? String ?? ""
        }.joined()
    }

    private static func wholeText(in body: String) throws -> String? {
        let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        let choice = (object?["choices"] as? [[String: Any]])?.first
        return choice?["text"] as? String ?? (choice?["message"] as? [String: Any])?["content"] as? String
    }

    private static func expectCleanEnd(
        _ outcome: FreshetProcess.Outcome, at location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.ending == .exited(0), "\(outcome.errorText)", sourceLocation: location)
        #expect(outcome.text == "", sourceLocation: location)
    }

    @Test func theStreamAndTheWholeAreTheSameOnOneConnection() async throws {
        let outcome = try await FreshetServer.run { server in
            let pairs = try await server.talk { client in
                try [
                    ("/v1/chat/completions", Self.chat(#","max_tokens":40"#)),
                    ("/v1/chat/completions", Self.chat(#","max_tokens":40,"temperature":0,"stop":["."]"#)),
                    (
                        "/v1/completions",
                        #"{"prompt":"Once upon a time","max_tokens":30,"seed":3,"cache_prompt":false}"#
                    ),
                ].map { path, body in
                    try client.post(body, to: path)
                    let whole = try client.readResponse().body
                    try client.post(body.dropLast() + #","stream":true}"#, to: path)
                    return (whole, try client.readResponse().body)
                }
            }
            for (whole, stream) in pairs {
                let text = try #require(try Self.wholeText(in: whole))
                #expect(!text.isEmpty)
                #expect(try Self.texts(in: stream) == text)
                #expect(stream.hasSuffix("data: [DONE]\n\n"))
            }
        }
        Self.expectCleanEnd(outcome)
    }

    @Test func whatCannotBeDoneHasItsStatusAndItsWords() async throws {
        let key = "Authorization: Bearer sk-one\r\n"
        let cases: [(path: String, body: String, fields: String, status: Int, code: String, parameter: String)] = [
            ("/v1/chat/completions", "{", key, 400, "invalid_request", "null"),
            ("/v1/chat/completions", Self.chat(#","temperature":-1"#), key, 400, "invalid_request", #""temperature""#),
            ("/v1/chat/completions", Self.chat(#","model":"gpt-4o""#), key, 404, "model_not_found", #""model""#),
            (
                "/v1/chat/completions", Self.chat(text: String(repeating: "word ", count: 2000)), key, 400,
                "context_length_exceeded", #""prompt""#
            ),
            ("/v1/chat/completions", Self.chat(), "", 401, "invalid_api_key", "null"),
            ("/v1/chat/completions", Self.chat(), "Authorization: Bearer sk-on\r\n", 401, "invalid_api_key", "null"),
            ("/v1/models", "{}", key, 405, "method_not_allowed", "null"),
            ("/v1/nothing", "{}", key, 404, "not_found", "null"),
        ]
        let outcome = try await FreshetServer.run(["--api-key", "sk-zero,sk-one"]) { server in
            try await server.talk { client in
                for one in cases {
                    try client.post(one.body, to: one.path, fields: one.fields)
                    let (header, body) = try client.readResponse()
                    #expect(header.hasPrefix("HTTP/1.1 \(one.status) "), "\(one.body.prefix(99)): \(header)")
                    #expect(
                        body.contains(#""code":"\#(one.code)""#) && body.contains(#""param":\#(one.parameter)"#),
                        "\(body)")
                }
            }
            let tooLarge = try await server.talk { client in
                try client.send(
                    "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n\(key)Content-Length: 99999999\r\n\r\n")
                return try client.readResponse()
            }
            #expect(
                tooLarge.header.hasPrefix("HTTP/1.1 413 ") && tooLarge.body.contains(#""code":"request_too_large""#))
        }
        Self.expectCleanEnd(outcome)
        #expect(!outcome.errorText.contains("sk-"))
    }

    @Test func beyondTheQueueComesARefusalAndAHangUpMakesRoom() async throws {
        let arguments = Self.longContext + ["--parallel", "1", "--queue", "1", "--queue-retry", "3"]
        let outcome = try await FreshetServer.run(arguments) { server in
            try await withThrowingTaskGroup(of: (header: String, body: String).self) { group in
                try await server.whileStreaming(Self.endless) {
                    for place in 0..<3 {
                        group.addTask {
                            try await server.talk { client in
                                try client.post(Self.chat(#","max_tokens":1,"stream":\#(place > 0)"#))
                                return try client.readResponse()
                            }
                        }
                    }
                    // One waits; which one is chance.
                    for _ in 0..<2 {
                        let refused = try #require(try await group.next())
                        #expect(refused.header.hasPrefix("HTTP/1.1 503 ") && refused.header.contains("Retry-After: 3"))
                        #expect(refused.body.contains(#""code":"overloaded""#))
                    }
                }
                #expect(try await group.next()?.header.hasPrefix("HTTP/1.1 200 ") == true)
            }
        }
        Self.expectCleanEnd(outcome)
        #expect(
            outcome.errorText.contains(" cut=client_left "))
    }

    @Test func aHangUpWhileAWholeAnswerIsComputedMakesRoom() async throws {
        let outcome = try await FreshetServer.run(Self.longContext + ["--parallel", "1"]) { server in
            try await server.talk { client in
                /// Asks for one token, without waiting long, until the answer's status is as wished.
                func ask(until status: Int) throws {
                    while true {
                        try client.post(Self.chat(#","max_tokens":1,"deadline_ms":200"#))
                        if try client.readResponse().header.hasPrefix("HTTP/1.1 \(status) ") { return }
                    }
                }
                let leaving = try RawClient(port: server.port)
                try leaving.post(Self.endless.replacingOccurrences(of: #""stream":true"#, with: #""stream":false"#))
                // In vain, because the other has the only slot.
                try ask(until: 504)
                leaving.close()
                try ask(until: 200)
            }
        }
        Self.expectCleanEnd(outcome)
        #expect(outcome.errorText.components(separatedBy: " cut=client_left ").count == 2)
    }

    /// Every response's identifier is that of its line in the log, which has nothing of what was said.
    @Test func theLogHasALineForEachRequest() async throws {
        let identifiers = Identifiers()
        let outcome = try await FreshetServer.run(["--log-format", "json"]) { server in
            try await server.talk { client in
                try client.post(Self.chat(#","stream":true,"max_tokens":5"#, text: "Where is the zebra?"))
                identifiers.add(try client.readResponse().header)
                try client.post(
                    #"{"prompt":"A zebra","max_tokens":3,"model":"freshet-small-world"}"#, to: "/v1/completions")
                identifiers.add(try client.readResponse().header)
                identifiers.add(try client.get("/v1/zebra?key=zebra").header)
            }
        }
        Self.expectCleanEnd(outcome)
        let lines = outcome.errorText.split(separator: "\n").filter { $0.hasPrefix("{") }
        let all = try lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        // A line is written after its response, and so perhaps after the next one's.
        let objects = try identifiers.all.map { id in try #require(all.first { $0["id"] as? String == id }) }
        #expect(all.count == 3)
        #expect(objects.map { $0["status"] as? Int } == [200, 200, 404])
        #expect(objects.map { $0["completion_tokens"] as? Int } == [5, 3, nil])
        #expect(objects.map { $0["finish"] as? String } == ["length", "length", nil])
        #expect(outcome.errorText.components(separatedBy: "zebra").count == 2, "the path of the third alone")
    }

    private final class Identifiers: @unchecked Sendable {
        // Sendable: used under the monitor only.
        private let monitor = Monitor()
        private var list: [String?] = []

        var all: [String?] { monitor.withLock { list } }

        func add(_ header: String) {
            let id = header.firstMatch(of: /x-request-id: (\S+)/).map { String($0.1) }
            monitor.withLock { list.append(id) }
        }
    }

    @Test func namesAndAliases() async throws {
        let outcome = try await FreshetServer.run(["--alias", "tiny,org/tiny"]) { server in
            try await server.talk { client in
                let list = try client.get("/v1/models").body
                #expect(list.contains(#""id":"tiny""#) && list.contains(#""id":"org/tiny""#) && !list.contains("World"))
                for path in ["/v1/models/tiny", "/v1/models/org/tiny", "/v1/models/org%2Ftiny", "/models"] {
                    #expect(try client.get(path).header.hasPrefix("HTTP/1.1 200 "), "\(path)")
                }
                #expect(try client.get("/v1/models/freshet-small-world").header.hasPrefix("HTTP/1.1 404 "))
                try client.post(Self.chat(#","model":"org/tiny","max_tokens":1"#))
                #expect(try client.readResponse().body.contains(#""model":"tiny""#))
            }
        }
        Self.expectCleanEnd(outcome)
    }

    /// Only a page that has been allowed may read answers, and only this machine's own names are answered without a
    /// key.
    @Test func pagesOfOtherOrigins() async throws {
        let outcome = try await FreshetServer.run(["--cors-origins", "https://a.example"]) { server in
            try await server.talk { client in
                let allowed = try client.get("/v1/models", fields: "Origin: https://a.example\r\n").header
                #expect(allowed.contains("Access-Control-Allow-Origin: https://a.example\r\n"))
                let other = try client.get("/v1/models", fields: "Origin: https://b.example\r\n").header
                #expect(!other.contains("Access-Control"))
                #expect(try client.get("/v1/models", host: "evil.example").header.hasPrefix("HTTP/1.1 403 "))
                try client.send(
                    "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nOrigin: https://a.example\r\n"
                        + "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n\r\n")
                let preflight = try client.read(until: "\r\n\r\n")
                #expect(preflight.hasPrefix("HTTP/1.1 204 "))
                #expect(preflight.contains("Access-Control-Allow-Headers: content-type\r\n"))
            }
        }
        Self.expectCleanEnd(outcome)
    }
}
