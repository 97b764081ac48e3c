import Foundation
import FreshetTestSupport
import Testing

/// `freshet generate` and `chat` with a model behind a server: the same output as with one on this machine.
@Suite(.timeLimit(.minutes(10))) struct RemoteModelTests {
    private static func options(_ url: String) -> [String] {
        ["--provider", "openai", "--base-url", url, "--model", "freshet-small-world"]
    }

    /// Runs a command, with the key of the environment that a test may have replaced.
    private static func run(_ arguments: [String], input: String = "") async -> FreshetProcess.Outcome {
        await FreshetProcess.run(arguments, input: Array(input.utf8), environment: ["OPENAI_API_KEY": ""])
    }

    /// The output without what differs from one answer to the next.
    private static func constant(_ text: String) -> String {
        text.replacing(/"id":"[^"]*"/, with: "").replacing(/"created":\d+/, with: "")
            .replacing(/,"timings":\{[^}]*\}/, with: "").replacing(/"cached_tokens":\d+/, with: "")
    }

    @Test func theOutputIsThatOfTheModelItself() async throws {
        let outcome = try await FreshetServer.run { server in
            let remote = Self.options("http://127.0.0.1:\(server.port)/v1")
            for arguments in [
                ["generate", "--temp", "0", "-n", "20", "Once upon a time"],
                ["generate", "--seed", "3", "-n", "20", "--format", "jsonl", "The dragon"],
                ["generate", "--temp", "0", "-n", "20", "--format", "sse", "--stop", " a", "Once upon a time"],
                ["generate", "--temp", "0", "--chat", "What colour is the sky?"],
                [
                    "generate", "--temp", "0", "--chat", "--format", "jsonl", "-sys", "Answer in one word.",
                    "Is a cat big?",
                ],
                ["generate", "--temp", "0", "-n", "0", "Once"],
                ["generate", "--seed", "3", "-n", "20", "--choices", "3", "The dragon"],
            ] {
                let (local, remote) = (await Self.run(arguments), await Self.run(arguments + remote))
                #expect(Self.constant(remote.text) == Self.constant(local.text), "\(arguments)")
                #expect(remote.ending == .exited(0) && remote.errorText == "", "\(remote.errorText)")
            }
            let turns = "Hello! My name is Tobin.\nWhat is my name?\n"
            let (local, far) = (
                await Self.run(["chat", "--temp", "0"], input: turns),
                await Self.run(["chat", "--temp", "0"] + remote, input: turns)
            )
            #expect(far.text == local.text && far.ending == .exited(0), "\(far.errorText)")
        }
        #expect(outcome.ending == .exited(0))
    }

    @Test func speedsAndTokensAreTold() async throws {
        _ = try await FreshetServer.run { server in
            let outcome = await Self.run(
                ["generate", "--temp", "0", "-n", "5", "--stats", "Once"]
                    + Self.options("http://127.0.0.1:\(server.port)/v1"))
            for words in ["prompt: 2 tokens", "answer: 5 tokens in ", "first token after "] {
                #expect(outcome.errorText.contains(words), "\(outcome.errorText)")
            }
            #expect(!outcome.errorText.contains("loaded"))
        }
    }

    @Test func whatTheServerRefusesIsTold() async throws {
        _ = try await FreshetServer.run(["--api-key", "sk-secret"]) { server in
            let url = "http://127.0.0.1:\(server.port)/v1"
            let arguments = ["generate", "-n", "3", "Once"] + Self.options(url)
            let keyless = await Self.run(arguments)
            #expect(keyless.ending == .exited(1) && keyless.errorText.contains("asks for a key"))
            let right = await FreshetProcess.run(
                arguments + ["--api-key-env", "KEY_OF_THIS_TEST"], environment: ["KEY_OF_THIS_TEST": "sk-secret"])
            #expect(right.ending == .exited(0))
            let unknown = await FreshetProcess.run(
                arguments + ["--model", "nobody"], environment: ["OPENAI_API_KEY": "sk-secret"])
            #expect(unknown.ending == .exited(1) && unknown.errorText.contains("There is no model “nobody”"))
            for outcome in [keyless, right, unknown] { #expect(!outcome.errorText.contains("sk-secret")) }
        }
        let nobody = await Self.run(["generate", "Once"] + Self.options("http://127.0.0.1:1/v1"))
        #expect(nobody.ending == .exited(1) && nobody.errorText.contains("127.0.0.1:1"))
        let nonsense = await Self.run(["generate", "Once"] + Self.options("no url"))
        #expect(nonsense.ending != .exited(0) && nonsense.errorText.contains("URL"))
    }

    private static func frame(_ delta: String) -> [UInt8] {
        let chunk =
            #"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":"#
            + #"{\#(delta)},"finish_reason":null}]}"#
        return LoopbackServer.chunk(Array("data: \(chunk)\n\n".utf8))
    }

    /// A stream that breaks off is a failure, and what has come of it stays printed.
    @Test(arguments: [true, false])
    func aStreamThatBreaksOffKeepsWhatHasCome(saysWhy: Bool) async throws {
        let error = #"data: {"error":{"message":"The far engine failed.","code":"engine_failed"}}"# + "\n\n"
        let server = try LoopbackServer { _ in
            [
                .readRequest, .send(LoopbackServer.chunkedHead()),
                .send(Self.frame(#""role":"assistant","content":"""#)),
                .send(Self.frame(#""content":"as far as this""#)),
                .send(saysWhy ? LoopbackServer.chunk(Array(error.utf8)) : []), .reset,
            ]
        }
        let outcome = await Self.run(["generate", "--chat", "Hi"] + Self.options(server.url))
        #expect(outcome.ending == .exited(1) && outcome.text == "as far as this\n")
        #expect(outcome.errorText.hasPrefix("freshet: ") && outcome.errorText.contains("far engine") == saysWhy)
    }

    /// A signal also stops the wait for a server that does not begin to answer.
    @Test(arguments: [
        [LoopbackServer.Step.readRequest],
        [.readRequest, .send(LoopbackServer.chunkedHead()), .send(frame(#""content":"so far""#))],
    ])
    func aSignalEndsTheWait(steps: [LoopbackServer.Step]) async throws {
        let server = try LoopbackServer { _ in steps + [.stall] }
        let (processes, process) = AsyncStream<pid_t>.makeStream()
        async let ending = FreshetProcess.run(
            ["generate", "--chat", "Hi"] + Self.options(server.url),
            steps: [.init("", .call { id, _ in process.yield(id) })],
            environment: ["OPENAI_API_KEY": ""])
        for await id in processes {
            try await server.wait { $0.requests.count == 1 }
            kill(id, SIGINT)
            break
        }
        let outcome = await ending
        #expect(outcome.ending == .exited(130))
        #expect(outcome.text == "" || outcome.text == "so far\n")
        #expect(server.requests.first?.header("Authorization") == nil)
    }
}
