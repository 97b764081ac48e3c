import Foundation
import Testing

/// `freshet generate` as a process, on the embedded model.
struct GenerateTests {
    private static let greedy = ["generate", "--temp", "0"]

    private static func json(_ line: some StringProtocol) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(object as? [String: Any])
    }

    private static func content(_ chunk: [String: Any]) -> String {
        let choice = (chunk["choices"] as? [[String: Any]])?.first
        return (choice?["delta"] as? [String: Any])?["content"] as? String ?? ""
    }

    @Test func theAnswerIsAllThatStandsOnStandardOutput() async {
        let plain = await FreshetProcess.run(Self.greedy + ["-n", "12", "Once upon a time"])
        #expect(plain.ending == .exited(0))
        #expect(plain.errorText == "")
        #expect(plain.text.hasSuffix("\n") && plain.text.count > 12)
        let told = await FreshetProcess.run(Self.greedy + ["-n", "12", "--stats", "--verbose", "Once upon a time"])
        #expect(told.text == plain.text)
        #expect(told.errorText.contains("prompt: ") && told.errorText.contains("answer: 12 tokens"))
        #expect(told.errorText.contains("first token after "))
        #expect(told.errorText.contains("llama_model_loader"), "llama.cpp's own lines")
    }

    @Test func everyFormatCarriesTheSameAnswer() async throws {
        let arguments = Self.greedy + ["-n", "12", "Once upon a time"]
        let text = await FreshetProcess.run(arguments)
        let lines = await FreshetProcess.run(arguments + ["--format", "jsonl"])
        let chunks = try lines.text.split(separator: "\n").map { try Self.json($0) }
        #expect(chunks.map(Self.content).joined() + "\n" == text.text)
        #expect(chunks.allSatisfy { $0["object"] as? String == "chat.completion.chunk" })
        let usage = try #require(chunks.last?["usage"] as? [String: Any])
        #expect(usage["completion_tokens"] as? Int == 12)
        let events = await FreshetProcess.run(arguments + ["--format=sse"])
        #expect(events.text.hasSuffix("\n\n"))
        let frames = events.text.components(separatedBy: "\n\n").dropLast()
        #expect(frames.last == "data: [DONE]")
        #expect(frames.allSatisfy { $0.hasPrefix("data: ") && !$0.contains("\n") })
        let pieces = try frames.dropLast().map { Self.content(try Self.json($0.dropFirst(6))) }
        #expect(pieces.joined() + "\n" == text.text)
    }

    @Test func thePromptComesFromArgumentFileAndInput() async throws {
        let arguments = Self.greedy + ["-n", "8"]
        let whole = await FreshetProcess.run(arguments + ["Once upon a time"])
        let alone = await FreshetProcess.run(arguments, input: Array("Once upon a time\n".utf8))
        #expect(alone.text == whole.text)
        let appended = await FreshetProcess.run(arguments + ["Once upon "], input: Array("a time".utf8))
        #expect(appended.text == whole.text)
        let dash = await FreshetProcess.run(arguments + ["-"], input: Array("Once upon a time".utf8))
        #expect(dash.text == whole.text)
        let file = try TemporaryFile("Once upon a time\n")
        #expect(await FreshetProcess.run(arguments + ["-f", file.path]).text == whole.text)
        let lines = await FreshetProcess.run(arguments + ["-e", #"One.\nTwo."#])
        #expect(await FreshetProcess.run(arguments + ["One."], input: Array("Two.".utf8)).text == lines.text)
    }

    @Test func aStopTextEndsTheAnswerAndIsNoPartOfIt() async throws {
        let whole = await FreshetProcess.run(Self.greedy + ["-n", "40", "Once upon a time"])
        let stop = try #require(whole.text.split(separator: " ").dropFirst(3).first)
        let stopped = await FreshetProcess.run(Self.greedy + ["-n", "40", "--stop", "\(stop)", "Once upon a time"])
        #expect(stopped.ending == .exited(0))
        #expect(!stopped.text.contains(stop))
        #expect(whole.text.hasPrefix(stopped.text.dropLast()))
    }

    @Test func aSeedGivesTheSameAnswerAgain() async {
        let arguments = ["generate", "-n", "16", "--temp", "1.2", "Once"]
        let one = await FreshetProcess.run(arguments + ["--seed", "7"])
        let again = await FreshetProcess.run(arguments + ["--seed", "7"])
        #expect(one.text == again.text)
    }

    @Test func aSystemPromptMakesItAChat() async {
        let chat = await FreshetProcess.run(Self.greedy + ["-n", "20", "-sys", "Be kind.", "Hello!"])
        #expect(chat.ending == .exited(0))
        let raw = await FreshetProcess.run(Self.greedy + ["-n", "20", "Hello!"])
        #expect(chat.text != raw.text)
    }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
    func aSignalEndsItAndKeepsWhatHasCome(signal: Int32, status: Int32) async {
        let outcome = await FreshetProcess.run(
            ["generate", "--ignore-eos", "--seed", "1", "Once upon a time"], steps: [.init("a", .signal(signal))])
        #expect(outcome.ending == .exited(status))
        #expect(outcome.text.contains("a") && outcome.text.hasSuffix("\n"))
        #expect(outcome.errorText == "")
    }

    @Test func aSignalEndsTheWaitForInput() async {
        let outcome = await FreshetProcess.run(
            ["generate", "Once"],
            steps: [.init("Reading the prompt from standard input…", .signal(SIGINT)), .init("never", .closeInput)])
        #expect(outcome.ending == .exited(130))
    }

    @Test func aDeadlineEndsItWithAFailure() async {
        let outcome = await FreshetProcess.run(["generate", "--ignore-eos", "--deadline", "0.05", "Once upon a time"])
        #expect(outcome.ending == .exited(1))
        #expect(outcome.errorText.contains("deadline"))
    }

    @Test func controlCharactersReachAPipeAndNotATerminal() async throws {
        let ids = await FreshetProcess.run(["tokenize", "--ids", "--no-bos", "\u{1B}"])
        let token = try #require(try JSONDecoder().decode([Int].self, from: Data(ids.output)).last)
        let arguments = Self.greedy + ["-n", "3", "--logit-bias", "\(token)+1000", "Once"]
        #expect(await FreshetProcess.run(arguments).text == "\u{1B}\u{1B}\u{1B}\n")
        let terminal = await FreshetProcess.run(arguments, terminal: true)
        #expect(terminal.ending == .exited(0))
        #expect(terminal.text.contains(#"\u{1B}\u{1B}\u{1B}"#), "\(terminal.text)")
    }
}
