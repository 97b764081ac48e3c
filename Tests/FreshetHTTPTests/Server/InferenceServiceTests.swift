import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetHTTP

/// The service on its own: whole responses, without a socket.
struct InferenceServiceTests {
    fileprivate static let answer = ScriptedProvider(answering: ["Hello", ", ", "wörld"])

    /// Sends one request, and answers with the response and its body as JSON.
    private static func send(
        _ method: String, _ path: String, _ body: String = "", fields: HTTPFields = [:], to service: InferenceService
    ) async throws -> (response: HTTPResponse, json: JSONValue) {
        let request = HTTPRequest(method: method, path: path, fields: fields, body: Array(body.utf8), peer: "192.0.2.1")
        let response = await service.respond(to: request)
        guard case .whole(let bytes) = response.body else { throw GenerationError(.badResponse, "a stream") }
        return (response, bytes.isEmpty ? .null : try JSONValue(json: bytes))
    }

    @Test(arguments: ["/v1/chat/completions", "/chat/completions", "/v1/completions"])
    func theWholeAnswerIsTheFold(path: String) async throws {
        let body = #"{"messages":[{"role":"user","content":"Hi"}],"prompt":"Hi","model":"org/other"}"#
        let (response, json) = try await Self.send("POST", path, body, to: makeService(Self.answer))
        #expect(response.status == 200 && response.fields["Content-Type"] == "application/json")
        guard case .array(let choices)? = json["choices"], let choice = choices.first else {
            Issue.record("no choice in \(json)")
            return
        }
        #expect((choice["message"]?["content"] ?? choice["text"]) == "Hello, wörld")
        #expect(json["usage"]?["completion_tokens"] == 3)
    }

    /// A user's name has its whole length, whatever the server puts in front of it.
    @Test(arguments: ["user", "safety_identifier"])
    func aUserHasItsWholeLength(member: String) async throws {
        for (count, status) in [(512, 200), (513, 400)] {
            let user = String(repeating: "u", count: count)
            let body = #"{"messages":[{"role":"user","content":"Hi"}],"\#(member)":"\#(user)"}"#
            let (response, json) = try await Self.send(
                "POST", "/v1/chat/completions", body, to: makeService(Self.answer))
            #expect(response.status == status)
            if status == 400 { #expect(json["error"]?["param"] == .string(member)) }
        }
    }

    @Test func everyModelIsListedAndFound() async throws {
        let service = try makeService(Self.answer)
        let (_, list) = try await Self.send("GET", "/v1/models", to: service)
        guard case .array(let models)? = list["data"] else {
            Issue.record("no list in \(list)")
            return
        }
        #expect(models.map { $0["id"] } == ["scripted", "org/other"])
        for name in ["scripted", "org/other"] {
            let (response, model) = try await Self.send("GET", "/v1/models/\(name)", to: service)
            #expect(response.status == 200 && model["id"] == .string(name) && model["object"] == "model")
        }
    }

    struct Refusal: Sendable {
        var method = "POST"
        var path = "/v1/chat/completions"
        var body = #"{"messages":[{"role":"user","content":"Hi"}]}"#
        var fields: HTTPFields = [:]
        var status: Int
        var code: String
        var parameter: String?
    }

    @Test(arguments: [
        Refusal(body: "", status: 400, code: "invalid_request"),
        Refusal(body: "{", status: 400, code: "invalid_request"),
        Refusal(body: "[]", status: 400, code: "invalid_request"),
        Refusal(body: "{}", status: 400, code: "invalid_request", parameter: "messages"),
        Refusal(body: #"{"messages":[]}"#, status: 400, code: "invalid_request", parameter: "messages"),
        Refusal(
            body: #"{"messages":[{"content":"Hi"}]}"#, status: 400, code: "invalid_request",
            parameter: "messages[0].role"),
        Refusal(
            body: #"{"messages":[{"role":"user","content":"Hi"}],"temperature":-1}"#, status: 400,
            code: "invalid_request", parameter: "temperature"),
        Refusal(
            body: #"{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":"#
                + #"{"schema":{"a":"\#(String(repeating: "b", count: 128 << 10))"}}}}"#,
            status: 400, code: "invalid_request", parameter: "response_format.json_schema.schema"),
        Refusal(path: "/v1/completions", status: 400, code: "invalid_request", parameter: "prompt"),
        Refusal(
            body: #"{"messages":[{"role":"user","content":"Hi"}],"model":"gpt-4o"}"#, status: 404,
            code: "model_not_found", parameter: "model"),
        Refusal(method: "GET", path: "/v1/models/gpt-4o", status: 404, code: "model_not_found", parameter: "model"),
        Refusal(method: "GET", path: "/", status: 404, code: "not_found"),
        Refusal(path: "/completions", status: 404, code: "not_found"),
        Refusal(method: "GET", status: 405, code: "method_not_allowed"),
        Refusal(method: "DELETE", path: "/v1/models", status: 405, code: "method_not_allowed"),
        Refusal(method: "OPTIONS", status: 405, code: "method_not_allowed"),
        Refusal(fields: ["Content-Type": "text/plain"], status: 415, code: "unsupported_media_type"),
        Refusal(
            fields: ["Content-Type": "application/x-www-form-urlencoded"], status: 415, code: "unsupported_media_type"),
    ])
    func everyRefusalIsOpenAIsErrorObject(refusal: Refusal) async throws {
        let (response, json) = try await Self.send(
            refusal.method, refusal.path, refusal.body, fields: refusal.fields, to: makeService(Self.answer))
        let error = try #require(json["error"])
        #expect(response.status == refusal.status && error["code"] == .string(refusal.code))
        #expect(error["param"] == (refusal.parameter.map { .string($0) } ?? .null))
        #expect(error["type"] == "invalid_request_error")
        guard case .string(let message)? = error["message"] else {
            Issue.record("no message in \(json)")
            return
        }
        #expect(message.hasSuffix("."))
        #expect((response.fields["Allow"] != nil) == (refusal.status == 405))
        #expect(response.fields["x-request-id"]?.hasPrefix("req-") == true)
    }

    @Test(arguments: ["application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"])
    func jsonIsTakenHoweverItIsCalled(type: String) async throws {
        let (response, _) = try await Self.send(
            "POST", "/v1/completions", #"{"prompt":"Hi"}"#, fields: ["Content-Type": type], to: makeService(Self.answer)
        )
        #expect(response.status == 200)
    }

    @Test(arguments: [
        ("GET", "/v1/models"), ("GET", "/v1/models/scripted"), ("POST", "/v1/chat/completions"),
        ("POST", "/v1/completions"), ("GET", "/models"),
    ])
    func everyRouteButHealthAsksForTheKey(method: String, path: String) async throws {
        let service = try makeService(Self.answer, keys: ["sk-right"])
        for fields: HTTPFields in [[:], ["Authorization": "Bearer sk-wrong"]] {
            let (response, json) = try await Self.send(method, path, "{}", fields: fields, to: service)
            #expect(response.status == 401 && json["error"]?["code"] == "invalid_api_key")
            #expect(response.fields["WWW-Authenticate"] == "Bearer")
        }
        let (response, _) = try await Self.send(
            method, path, "{}", fields: ["Authorization": "Bearer sk-right"], to: service)
        #expect(response.status != 401)
        #expect(try await Self.send("GET", "/health", to: service).response.status == 200)
    }

    /// Streamed or whole: nothing is sent before the provider has taken the request.
    @Test(arguments: [true, false]) func aFullQueueSaysWhenToTryAgain(streams: Bool) async throws {
        struct Full: Provider {
            let model = "full"
            func stream(_ request: GenerationRequest) async throws(GenerationError) -> ChunkStream {
                throw GenerationError(.overloaded, "Busy.", retryAfter: .milliseconds(6500))
            }
        }
        let (response, json) = try await Self.send(
            "POST", "/v1/completions", #"{"prompt":"Hi","stream":\#(streams)}"#, to: makeService(Full()))
        #expect(response.status == 503 && response.fields["Retry-After"] == "7")
        #expect(json["error"]?["code"] == "overloaded" && json["error"]?["type"] == "server_error")
    }

    /// Before the first chunk an error is a status; a whole answer that fails later has one too.
    @Test(arguments: [(true, false), (false, false), (false, true)])
    func aFailureBeforeTheFirstByteIsAStatus(streams: Bool, isLate: Bool) async throws {
        let failure = ScriptedProvider.Step.fail(GenerationError(.engineFailed, "The engine failed."))
        let steps: [ScriptedProvider.Step] =
            isLate ? [.write(.role(.assistant)), .write(.text("a")), failure] : [failure]
        let service = try makeService(ScriptedProvider(steps))
        let (response, json) = try await Self.send(
            "POST", "/v1/completions", #"{"prompt":"Hi","stream":\#(streams)}"#, to: service)
        #expect(response.status == 500 && json["error"]?["message"] == "The engine failed.")
    }

    @Test func beforeTheModelsAreLoadedClientsAreEarly() async throws {
        let service = InferenceService(
            ServedModels(), options: InferenceService.Options(authenticator: try Authenticator(keys: []))
        ) { _ in }
        for (method, path) in [("GET", "/health"), ("GET", "/v1/models"), ("POST", "/v1/completions")] {
            let (response, json) = try await Self.send(method, path, #"{"prompt":"Hi"}"#, to: service)
            #expect(response.status == 503 && json["error"]?["code"] == "overloaded", "\(path)")
            #expect(response.fields["Retry-After"] == "1")
        }
    }

    /// Keeps the requests that reach it.
    private struct Watching: Provider {
        let model = "watching"
        let seen = Collected<GenerationRequest>()
        func stream(_ request: GenerationRequest) async throws(GenerationError) -> ChunkStream {
            seen.add(request)
            return try await InferenceServiceTests.answer.stream(request)
        }
    }

    /// A request that names no limit gets the server's.
    @Test(arguments: [("", 7), (#","max_tokens":3"#, 3), (#","max_tokens":100"#, 100), (#","n_predict":-1"#, 7)])
    func theDefaultLimitIsForRequestsThatNameNone(field: String, expected: Int) async throws {
        let provider = Watching()
        let service = try makeService(
            provider, change: { ($0.maxTokens, $0.shiftsContext, $0.speculates) = (7, true, true) })
        _ = try await Self.send("POST", "/v1/completions", #"{"prompt":"Hi"\#(field)}"#, to: service)
        let request = try #require(await provider.seen.next())
        #expect(request.maxTokens == expected && request.shiftsContext && request.speculates)
    }

    /// By its key, whose text goes nowhere, or by its address; a user whom the request names is one of the caller's.
    @Test(arguments: [
        ([], "", "192.0.2.1"), ([], #","user":"alice""#, "192.0.2.1/alice"),
        ([], #","safety_identifier":"192.0.2.9""#, "192.0.2.1/192.0.2.9"), (["sk-a", "sk-b"], "", "key 2"),
        (["sk-b"], #","user":"key 7""#, "key 1/key 7"),
    ])
    func aClientIsWhoCalls(keys: [String], field: String, client: String) async throws {
        let provider = Watching()
        let (response, _) = try await Self.send(
            "POST", "/v1/completions", #"{"prompt":"Hi","weight":3\#(field)}"#,
            fields: keys.isEmpty ? [:] : ["Authorization": "Bearer sk-b"], to: makeService(provider, keys: keys))
        let request = try #require(await provider.seen.next())
        #expect(response.status == 200 && request.client == client && request.weight == 3)
    }

    @Test(arguments: ["/v1/chat/completions", "/v1/completions"])
    func severalChoicesAreListedInTheirOrder(path: String) async throws {
        let finish = Chunk.Content.finish(Finish(.stop))
        let provider = ScriptedProvider([
            .write(.role(.assistant), index: 2), .write(.role(.assistant)), .write(.text("two"), index: 2),
            .write(.role(.assistant), index: 1), .write(.text("zero")), .write(finish, index: 1),
            .write(finish, index: 2),
            .write(finish), .write(.end(Usage(promptTokens: 5, completionTokens: 6, cachedTokens: 4), nil)),
        ])
        let body = #"{"messages":[{"role":"user","content":"Hi"}],"prompt":"Hi","n":3}"#
        let (response, json) = try await Self.send("POST", path, body, to: makeService(provider))
        guard case .array(let choices)? = json["choices"] else {
            Issue.record("no choices in \(json)")
            return
        }
        #expect(response.status == 200 && choices.map { $0["index"] } == [0, 1, 2])
        #expect(choices.map { $0["message"]?["content"] ?? $0["text"] } == ["zero", "", "two"])
        #expect(json["usage"]?["prompt_tokens_details"]?["cached_tokens"] == 4)
    }

    @Test func theLogHasTheResponsesIDAndNothingOfTheText() async throws {
        let lines = Collected<RequestLogLine>()
        let service = try makeService(Self.answer, log: { lines.add($0) })
        let (response, _) = try await Self.send(
            "POST", "/v1/completions", #"{"prompt":"a secret prompt","model":"scripted"}"#,
            fields: ["Authorization": "Bearer sk-secret"], to: service)
        response.onEnd?(.sent)
        let line = try #require(await lines.next())
        #expect(line.id == response.fields["x-request-id"] && line.status == 200 && line.model == "scripted")
        #expect(line.usage == Usage(promptTokens: 3, completionTokens: 3) && line.finish == .stop)
        for format in RequestLogLine.Format.allCases {
            let text = line.text(format)
            #expect(!text.contains("secret") && !text.contains("Hello") && !text.contains("rld"))
        }
    }

    @Test func whatTheServerRefusesByItselfIsAnErrorObjectToo() throws {
        let refusal = HTTPRefusal(413, "The request's body has more than 5 bytes.", code: .requestTooLarge)
        let response = try makeService(Self.answer).response(to: refusal)
        #expect(response.status == 413 && response.fields["x-request-id"] != nil)
        guard case .whole(let body) = response.body else {
            Issue.record("a stream")
            return
        }
        #expect(try JSONValue(json: body)["error"]?["code"] == "request_too_large")
    }

    @Test func aServerThatReceivesTooMuchIsOverloadedAndDoesNotEnd() throws {
        var incoming = IncomingRequest()
        let goesOn = [UInt8](repeating: 0, count: 10).withUnsafeBytes {
            incoming.append($0, limits: HTTPServerLimits(), room: 5)
        }
        let response = try makeService(Self.answer).response(to: #require(incoming.refusal))
        #expect(goesOn && response.status == 503 && response.fields["Retry-After"] == "1")
        guard case .whole(let body) = response.body else {
            Issue.record("a stream")
            return
        }
        #expect(try JSONValue(json: body)["error"]?["code"] == "overloaded")
    }
}
