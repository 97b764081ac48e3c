import Foundation
import Freshet
import FreshetHTTP
import FreshetLlama
import FreshetTestSupport
import Testing

/// llama.cpp's own server, from the same source, through the remote provider. It is there after
/// `scripts/bootstrap --tools` only.
@Suite(
    .serialized, .enabled(if: LlamaServer.isInstalled, "scripts/bootstrap --tools installs llama-server"))
struct LlamaServerTests {
    @Test func greedyTextIsTheLocalEngines() async throws {
        let server = try await LlamaServer.start()
        defer { server.stop() }
        let remote = try RemoteProvider(RemoteOptions(baseURL: "\(server.address)/v1", model: "embedded"))
        let local = try await LlamaProvider.load(.embedded)
        let prompts: [Prompt] = [
            .text("The capital of France is"), .text("The penguin is"), .text("Dear Anna,"), .text("naïve 日本語 🙂"),
            .messages([Message(role: .user, content: "What colour is the sky?")]),
            .messages([
                Message(role: .user, content: "Hello! My name is Tobin."),
                Message(role: .assistant, content: "Hello Tobin! Nice to meet you."),
                Message(role: .user, content: "What is my name?"),
            ]),
            .messages([Message(role: .user, content: "How do you say thank you in Japanese?")]),
        ]
        for prompt in prompts {
            let request = GenerationRequest(prompt: prompt, sampling: .greedy, maxTokens: 16, reusesPrefix: false)
            let (ours, theirs) = (try await local.reply(to: request), try await remote.reply(to: request))
            #expect(theirs.text == ours.text, "\(prompt)")
            #expect(theirs.finish?.reason == ours.finish?.reason, "\(prompt)")
            #expect(theirs.usage == ours.usage, "\(prompt)")
        }
        await remote.shutDown()
    }

    @Test(arguments: ProviderConformance.laws) func itObeys(_ law: ProviderConformance.Law) async throws {
        let server = try await LlamaServer.start()
        defer { server.stop() }
        let remote = try RemoteProvider(RemoteOptions(baseURL: "\(server.address)/v1", model: "embedded"))
        let prompt = Prompt.messages([Message(role: .user, content: "What colour is the sky?")])
        let request = GenerationRequest(
            prompt: prompt, sampling: .greedy, maxTokens: 16, stop: ["."], reusesPrefix: false)
        try await law.check(remote, request)
        await remote.shutDown()
    }
}

/// A running `llama-server` with the embedded model.
final class LlamaServer {
    private static let path = EmbeddedModel.repository.appendingPathComponent(".llama/bin/llama-server").path

    /// Whether there is one to run.
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// Where it listens.
    let address: String
    private let process: Process

    private init(process: Process, port: Int) {
        self.process = process
        address = "http://127.0.0.1:\(port)"
    }

    /// Starts a server and waits until it has loaded the model.
    static func start() async throws -> LlamaServer {
        let process = Process()
        // It has no way to choose a free port and tell it.
        let port = Int.random(in: 20000..<30000)
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = [
            "--model", EmbeddedModel.path, "--host", "127.0.0.1", "--port", "\(port)", "--ctx-size", "1024",
            "--threads", "1", "--parallel", "1", "--no-webui",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let server = LlamaServer(process: process, port: port)
        let probe = try RemoteProvider(RemoteOptions(baseURL: "\(server.address)/v1", model: "embedded"))
        let request = GenerationRequest(prompt: .text("a"), maxTokens: 1)
        for _ in 0..<3000 {
            if (try? await probe.reply(to: request)) != nil { return server }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        server.stop()
        throw GenerationError(.unreachable, "llama-server does not answer.")
    }

    /// Ends it. It has nothing to save, and may have been started with SIGTERM blocked.
    func stop() { kill(process.processIdentifier, SIGKILL) }

    deinit { if process.isRunning { stop() } }
}
