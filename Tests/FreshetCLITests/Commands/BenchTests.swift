import Foundation
import FreshetBench
import FreshetTestSupport
import Testing

@testable import FreshetCLI

/// `freshet bench` as a process, on the embedded model.
@Suite(.timeLimit(.minutes(10))) struct BenchTests {
    private static func report(_ text: String) throws -> Report { try JSONReport(Data(text.utf8)).value }

    @Test func everyTopicIsMeasured() async throws {
        let outcome = await FreshetProcess.run(
            [
                "bench", "all", "-p", "16", "-d", "0,32", "-n", "8", "--streams", "1,2", "--long", "64", "-r", "1",
                "--format", "json",
            ])
        #expect(outcome.ending == .exited(0) && outcome.errorText == "", "\(outcome.errorText)")
        let report = try Self.report(outcome.text)
        #expect(report.isWhole && report.omissions == [] && report.rounds == 1 && report.format == 1)
        #expect(report.sides.map(\.name) == ["freshet"] && report.sides[0].model.file == "freshet-small-world.gguf")
        #expect(report.sides[0].settings["prompts"] == "token ids" && report.machine.processorCount > 0)
        #expect(Set(report.measurements.map(\.topic)) == Set(Topic.allCases))
        let names = report.measurements.map(\.name)
        for name in ["pp16", "pp16 @ d32", "tg8", "tg8 @ d32", "gap p99, 2 streams", "1 stream", "2 streams"] {
            #expect(names.contains(name), "\(names)")
        }
        // So small a model may be done before its client leaves, before a prompt disturbs it, or before the next stream
        // begins.
        for row in report.measurements where ![.cancel, .intruder, .slowReader, .gaps].contains(row.topic) {
            #expect(row.outcomes.map(\.samples.count) == [1], "\(row)")
        }
        #expect(report.traces.map(\.topic) == [.intruder, .slowReader] && report.traces[0].intruder == 3)
        let hasGaps = report.measurements.contains { $0.topic == .gaps && !$0.outcomes[0].samples.isEmpty }
        #expect(report.histograms.map(\.name) == (hasGaps ? ["2 streams"] : []))
    }

    @Test func aServerGetsTheSameWork() async throws {
        _ = try await FreshetServer.run(["--api-key", "sk-secret"]) { server in
            let against = ["--against", "http://127.0.0.1:\(server.port)/v1", "--against-key-env", "KEY_OF_THIS_TEST"]
            let work = ["bench", "prompt", "decode", "chunks", "-p", "16", "-n", "8", "-r", "1"]
            let outcome = await FreshetProcess.run(
                work + against + ["--against-model", "freshet-small-world", "--format", "json"],
                environment: ["KEY_OF_THIS_TEST": "sk-secret"])
            #expect(outcome.ending == .exited(0), "\(outcome.errorText)")
            let report = try Self.report(outcome.text)
            #expect(report.sides.map(\.name) == ["freshet", "127.0.0.1:\(server.port)"])
            #expect(report.measurements.map { $0.ratio == nil } == [false, false, true])
            #expect(report.measurements.prefix(2).allSatisfy { $0.outcomes.allSatisfy { $0.samples.count == 1 } })
            #expect(!outcome.text.contains("sk-secret"))
            // Both sides may be servers; what only a model in this process tells is left out then.
            let far = ["--provider", "openai", "--base-url", "http://127.0.0.1:\(server.port)/v1", "--model", "x"]
            let unknown = await FreshetProcess.run(
                work + far + ["--api-key-env", "KEY_OF_THIS_TEST"], environment: ["KEY_OF_THIS_TEST": "sk-secret"])
            #expect(unknown.ending == .exited(1) && unknown.errorText.contains("There is no model “x”"))
            let right = Array(far.dropLast()) + ["freshet-small-world", "--api-key-env", "KEY_OF_THIS_TEST"]
            let remote = await FreshetProcess.run(work + right, environment: ["KEY_OF_THIS_TEST": "sk-secret"])
            #expect(remote.ending == .exited(0) && remote.text.contains("chunks: chunks written as events: it can be "))
        }
    }

    /// A server that answers the first request, with which every run begins, and meets all others with the same steps.
    private static func server(thenSends rest: [LoopbackServer.Step]) throws -> LoopbackServer {
        let pieces = [
            #"{"id":"c","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"a","finish_reason":"length"}]}"#,
            "[DONE]",
        ]
        let answer = pieces.map { LoopbackServer.chunk(Array("data: \($0)\n\n".utf8)) }
        return try LoopbackServer { connection in
            guard connection == 0 else { return [.readRequest] + rest }
            let begin: [LoopbackServer.Step] = [.readRequest, .send(LoopbackServer.chunkedHead())]
            return begin + answer.map { .send($0) } + [.send("0\r\n\r\n"), .readRequest] + rest
        }
    }

    /// What was measured before Ctrl-C is written, and the status is that of an interrupted program.
    @Test func ctrlCKeepsWhatWasMeasured() async throws {
        let server = try Self.server(thenSends: [.stall])
        let (processes, process) = AsyncStream<pid_t>.makeStream()
        async let ending = FreshetProcess.run(
            ["bench", "chunks", "prompt", "-p", "16", "-r", "1", "--against", server.url],
            steps: [.init("", .call { id, _ in process.yield(id) })])
        for await id in processes {
            try await server.wait { $0.requests.count == 2 }
            kill(id, SIGINT)
            break
        }
        let outcome = await ending
        #expect(outcome.ending == .exited(130))
        #expect(outcome.text.contains("chunks written as events") && !outcome.text.contains("pp16"))
        #expect(outcome.text.hasSuffix("Stopped before the end.\n"), "\(outcome.text) \(outcome.errorText)")
    }

    /// The rest is measured and written, and the status says that something is missing.
    @Test func whatFailsIsAFailure() async throws {
        let server = try Self.server(thenSends: [.send(LoopbackServer.response("500 Oops", body: "It is broken."))])
        let outcome = await FreshetProcess.run(
            ["bench", "chunks", "prompt", "-p", "16", "-r", "1", "--against", server.url])
        #expect(outcome.ending == .exited(1) && outcome.errorText.contains("Not all that was to be measured could be"))
        #expect(outcome.text.contains("chunks written as events") && outcome.text.contains("\n  prompt: pp16: "))
    }

    @Test func theReportGoesToAFile() async throws {
        let file = try TemporaryFile("what was there")
        let outcome = await FreshetProcess.run(
            ["bench", "sampler", "-r", "1", "--format", "csv", "-o", file.path])
        #expect(outcome.ending == .exited(0) && outcome.text == "")
        let text = try String(contentsOfFile: file.path, encoding: .utf8)
        #expect(text.hasPrefix("topic,test,") && text.contains("\nsampler,\"sampler, a token\",,,,,µs,freshet,"))
    }

    @Test func aPageIsWritten() async {
        let outcome = await FreshetProcess.run(["bench", "sampler", "-r", "1", "--format", "html"])
        #expect(outcome.ending == .exited(0))
        #expect(outcome.text.hasPrefix("<!DOCTYPE html>\n") && outcome.text.hasSuffix("</html>\n"))
        #expect(outcome.text.contains(">sampler, a token</th>"))
    }

    @Test func theListNamesEveryTopic() async {
        let outcome = await FreshetProcess.run(["bench", "--list"])
        #expect(outcome.ending == .exited(0))
        for topic in Topic.allCases { #expect("\n\(outcome.text)".contains("\n  \(topic.rawValue) ")) }
        #expect(outcome.text.contains("(not in"))
    }

    @Test(
        arguments: [
            (["promt"], 2, "bench cannot measure “promt”; did you mean prompt?"),
            (["walrus"], 2, "bench cannot measure “walrus”; it can prompt, decode, "),
            (["-p", "0"], 2, "-p needs whole numbers (from 1 to 1048576) with a comma between them, but got “0”."),
            (["--against-model", "x"], 2, "--against-model is for a server to compare with: it needs --against URL."),
            (["prompt", "--against", "no url"], 1, "URL"),
            (["prompt", "--against", "http://127.0.0.1:1/v1"], 1, "127.0.0.1:1"),
            (["prompt", "-m", "/nowhere.gguf"], 1, "There is no file at /nowhere.gguf."),
            (["chunks", "-r", "1", "-o", "/nowhere/x"], 1, "Cannot write “/nowhere/x”"),
        ] as [([String], Int32, String)])
    func whatIsWrongIsSaid(arguments: [String], status: Int32, text: String) async {
        let outcome = await FreshetProcess.run(["bench"] + arguments)
        #expect(outcome.ending == .exited(status) && outcome.errorText.contains(text), "\(outcome.errorText)")
    }

    /// A checkout's commit is found in its HEAD, a branch's file, or the packed branches; anything else is none.
    @Test func theCommitIsRead() throws {
        let git = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: git.appendingPathComponent("refs/heads"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: git) }
        let (one, two) = (String(repeating: "1a", count: 20), String(repeating: "2b", count: 20))
        func write(_ text: String, to name: String) throws {
            try text.write(to: git.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }
        #expect(Checkout.commit(in: git) == nil)
        for (head, commit) in [
            (one + "\n", one), ("not a hash", nil), ("ref: refs/heads/../../HEAD", nil),
            ("ref: refs/heads/main\n", nil),
        ] {
            try write(head, to: "HEAD")
            #expect(Checkout.commit(in: git) == commit)
        }
        try write("# pack-refs\n\(one) refs/heads/other\n\(two) refs/heads/main\n", to: "packed-refs")
        #expect(Checkout.commit(in: git) == two)
        try write(one, to: "refs/heads/main")
        #expect(Checkout.commit(in: git) == one)
    }

    /// Only Freshet's own checkout counts: a program may be installed below any other.
    @Test(arguments: [
        ("let package = Package(\n    name: \"Freshet\",\n", true),
        ("let package = Package(\n    name: \"Another\", // not Freshet\n", false), (nil, false),
    ])
    func theCheckoutIsFreshets(manifest: String?, isFreshets: Bool) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)")
        let (git, commit) = (folder.appendingPathComponent(".git"), String(repeating: "1a", count: 20))
        try FileManager.default.createDirectory(at: git, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try commit.write(to: git.appendingPathComponent("HEAD"), atomically: true, encoding: .utf8)
        try manifest?.write(
            to: folder.appendingPathComponent("Package.swift"), atomically: true, encoding: .utf8)
        let program = folder.appendingPathComponent(".build/release/freshet")
        #expect(Checkout.commit(above: program) == (isFreshets ? commit : nil))
    }
}
