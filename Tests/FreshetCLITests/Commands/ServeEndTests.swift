import Foundation
import FreshetTestSupport
import Testing

/// How `freshet serve` begins, where it may listen, and how it ends.
@Suite(.timeLimit(.minutes(10))) struct ServeEndTests {
    private static func stream(_ tokens: Int) -> String {
        #"{"messages":[{"role":"user","content":"Tell a story."}],"stream":true,"ignore_eos":true,"max_tokens":\#(tokens)}"#
    }

    /// Lets a stream begin, sends the server signals, and reads the stream to its end.
    private static func end(
        _ server: FreshetServer, during request: String, with signals: [Int32]
    ) async throws -> String {
        try await server.talk { client in
            try client.post(request)
            let beginning = try client.read(until: #""content":""#) + client.read(until: #""content":""#)
            for signal in signals {
                server.signal(signal)
                // Two at once would count as one.
                client.pause(.milliseconds(200))
            }
            return beginning + (try client.readToEnd())
        }
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
    func runningAnswersMayEnd(signal: Int32) async throws {
        let outcome = try await FreshetServer.run(["--ctx-size", "4096", "--drain", "480"]) { server in
            let text = try await Self.end(server, during: Self.stream(2000), with: [signal])
            #expect(text.contains(#""finish_reason":"length""#) && text.contains("data: [DONE]\n\n"))
        }
        #expect(outcome.ending == .exited(0))
        #expect(outcome.errorText.contains("finish=length"))
    }

    @Test func answersThatTakeTooLongAreToldSo() async throws {
        let outcome = try await FreshetServer.run(["--ctx-size", "32768", "--drain", "0"]) { server in
            let text = try await Self.end(server, during: Self.stream(1_000_000), with: [SIGTERM])
            #expect(text.contains(#""code":"shutting_down""#) && !text.contains("[DONE]"))
            #expect(text.hasSuffix("\r\n0\r\n\r\n"), "the body is ended properly")
        }
        #expect(outcome.ending == .exited(0))
        #expect(outcome.errorText.contains("error=shutting_down"))
    }

    @Test func aSecondSignalEndsItAtOnce() async throws {
        let outcome = try await FreshetServer.run(["--ctx-size", "32768", "--drain", "600"]) { server in
            // More than two, because a busy machine may count several as one.
            let signals = Array(repeating: SIGTERM, count: 15)
            let text = try await Self.end(server, during: Self.stream(1_000_000), with: signals)
            #expect(!text.contains("[DONE]"))
        }
        #expect(outcome.ending == .exited(128 + SIGTERM))
    }

    @Test func anAddressThatIsTakenIsTold() async throws {
        let outcome = try await FreshetServer.run { server in
            let second = await FreshetProcess.run(["serve", "--port", "\(server.port)"])
            #expect(second.ending == .exited(1) && second.text == "")
            #expect(second.errorText.hasPrefix("freshet: ") && second.errorText.contains("\(server.port)"))
        }
        #expect(outcome.ending == .exited(0))
    }

    @Test(arguments: [
        (["--host", "0.0.0.0"], "--no-auth"), (["--host", "::"], "--no-auth"), (["--host", "192.0.2.1"], "--no-auth"),
        (["--host", ""], "--host"), (["--port", "65536"], "--port"), (["--api-key", "a,,b"], "--api-key"),
        (["--api-key", "two words"], "api_key"), (["--no-auth", "--api-key", "sk-one"], "--no-auth"),
        (["--parallel", "0"], "--parallel"), (["--alias", "a,a"], "twice"), (["--alias", ","], "--alias"),
        (["--cors-origins", ""], "--cors-origins"), (["prompt"], "prompt"), (["--log-format", "xml"], "--log-format"),
    ])
    func wrongUsageIsToldBeforeAnythingListens(arguments: [String], word: String) async {
        let outcome = await FreshetProcess.run(
            ["serve", "--port", "0"] + arguments, environment: ["FRESHET_API_KEY": ""])
        #expect(outcome.ending == .exited(2) && outcome.text == "", "\(outcome.errorText)")
        #expect(outcome.errorText.hasPrefix("freshet: ") && outcome.errorText.contains(word), "\(outcome.errorText)")
        #expect(!outcome.errorText.contains("sk-one") && !outcome.errorText.contains("two words"))
    }

    /// Keys come from a file and from the environment too, and with one any address will do.
    @Test func keysFromAFileAndTheEnvironment() async throws {
        let file = try TemporaryFile(Array("# keys\n\nsk-file\n  sk-other  \n".utf8))
        let outcome = try await FreshetServer.run(
            ["--host", "0.0.0.0", "--api-key-file", file.path], environment: ["FRESHET_API_KEY": "sk-environment"]
        ) { server in
            try await server.talk { client in
                for (key, status) in [
                    ("sk-file", 200), ("sk-other", 200), ("sk-environment", 200), ("# keys", 401), ("sk-fil", 401),
                ] {
                    let header = try client.get("/v1/models", fields: "Authorization: Bearer \(key)\r\n").header
                    #expect(header.hasPrefix("HTTP/1.1 \(status) "), "\(key)")
                }
                #expect(try client.get("/health").header.hasPrefix("HTTP/1.1 200 "))
            }
        }
        #expect(outcome.ending == .exited(0))
    }

    @Test func aModelThatCannotBeLoadedEndsIt() async {
        let outcome = await FreshetProcess.run(["serve", "--port", "0", "-m", "/proc/nonexistent.gguf"])
        #expect(outcome.ending == .exited(1) && outcome.errorText.contains("/proc/nonexistent.gguf"))
    }
}
