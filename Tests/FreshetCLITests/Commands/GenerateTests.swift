import Foundation
import FreshetTestSupport
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

    @Test func anAnswerIsHeldToAForm() async throws {
        let held = await FreshetProcess.run(Self.greedy + ["--regex", "[A-C]{3}!", "Once upon a time"])
        #expect(held.ending == .exited(0))
        #expect(held.text.wholeMatch(of: /[A-C]{3}!\n/) != nil, "\(held.text)")
        let refused = await FreshetProcess.run(Self.greedy + ["--json-schema", #"{"not":{}}"#, "Once"])
        #expect(refused.ending != .exited(0) && refused.text.isEmpty)
        #expect(refused.errorText.contains("not cannot be kept to"))
    }

    @Test func aSmallerModelGuesses() async throws {
        let arguments = Self.greedy + ["-n", "40", "Once upon a time"]
        let plain = await FreshetProcess.run(arguments)
        let model = FreshetTestSupport.EmbeddedModel.path
        let guessed = await FreshetProcess.run(arguments + ["--draft", model, "--verbose", "--stats"])
        #expect(guessed.ending == .exited(0) && guessed.text == plain.text)
        #expect(guessed.errorText.contains("guesses what"))
        let other = try TemporaryFile("")
        let made = await FreshetProcess.run(["synth", "--shape", "tiny-llama", "-o", other.path])
        #expect(made.ending == .exited(0))
        let refused = await FreshetProcess.run(arguments + ["--draft", other.path])
        #expect(refused.ending == .exited(2) && refused.text.isEmpty)
        #expect(refused.errorText.contains("--draft names a model of another vocabulary"), "\(refused.errorText)")
        let missing = await FreshetProcess.run(arguments + ["--draft", "/nowhere/small.gguf"])
        #expect(missing.ending == .exited(1) && missing.errorText.contains("/nowhere/small.gguf"))
        let remote = await FreshetProcess.run(
            arguments + ["--draft", model, "--provider", "openai", "-m", "any", "--base-url", "http://127.0.0.1:1/v1"])
        #expect(remote.ending == .exited(2) && remote.errorText.contains("--draft is for a model on this machine"))
        for command in [["embed", "a"], ["bench", "prompt"], ["tune"]] {
            let useless = await FreshetProcess.run(command + ["--draft", model])
            #expect(useless.ending == .exited(2) && useless.errorText.contains("\(command[0]) has no option --draft"))
        }
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

    private static let three = ["generate", "-n", "16", "--temp", "1.2", "--seed", "7", "--choices", "3"]

    /// Choices run side by side, and are written one after the other.
    @Test func choicesAreWrittenOneAfterTheOther() async throws {
        let piped = await FreshetProcess.run(Self.three + ["--stats", "Once"])
        let texts = piped.text.components(separatedBy: "\u{C}\n")
        #expect(texts.count == 3 && Set(texts).count == 3 && texts.allSatisfy { $0.hasSuffix("\n") }, "\(piped.text)")
        #expect(piped.errorText.contains("3 answers: "), "\(piped.errorText)")
        let alone = await FreshetProcess.run(Self.three.dropLast(2) + ["Once"])
        #expect(texts.first == alone.text)

        let lines = await FreshetProcess.run(Self.three + ["--format", "jsonl", "Once"])
        var pieces = ["", "", ""]
        for line in lines.text.split(separator: "\n") {
            let chunk = try Self.json(line)
            guard let index = (chunk["choices"] as? [[String: Any]])?.first?["index"] as? Int else { continue }
            pieces[index] += Self.content(chunk)
        }
        #expect(pieces.map { $0 + "\n" } == texts)

        let shown = await FreshetProcess.run(Self.three + ["Once"], terminal: true)
        let headings = shown.text.matches(of: /── (\d) of 3 ──/).map { $0.1 }
        #expect(headings == ["1", "2", "3"], "\(shown.text)")
    }

    @Test func theContextMayShift() async throws {
        let arguments = Self.greedy + ["-c", "64", "-n", "150", "--ignore-eos", "--stats", "Once upon a time"]
        let ended = await FreshetProcess.run(arguments)
        #expect(ended.ending == .exited(0) && !ended.errorText.contains("answer: 150 tokens"), "\(ended.errorText)")
        let shifted = await FreshetProcess.run(arguments + ["--context-shift"])
        #expect(
            shifted.ending == .exited(0) && shifted.errorText.contains("answer: 150 tokens"), "\(shifted.errorText)")
        #expect(shifted.text.hasPrefix(ended.text.dropLast()))
    }

    @Test(arguments: [["-ctk", "q8_0"], ["-ctk", "q8_0", "-ctv", "q8_0", "-fa", "on"], ["-fa", "off"]])
    func theCacheMayBeQuantised(arguments: [String]) async {
        let outcome = await FreshetProcess.run(Self.greedy + ["-n", "12"] + arguments + ["Once upon a time"])
        #expect(outcome.ending == .exited(0) && outcome.text.count > 12, "\(outcome.errorText)")
    }

    /// What one run has computed, the next finds in the folder.
    @Test func aPromptIsKeptInAFolder() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let prompt = String(repeating: "The dragon has a small house near the river. ", count: 40)
        let arguments = Self.greedy + ["-n", "8", "--stats", "--cache-dir", folder, prompt]
        let cold = await FreshetProcess.run(arguments)
        let warm = await FreshetProcess.run(arguments)
        #expect(cold.ending == .exited(0) && !cold.errorText.contains("still in memory"), "\(cold.errorText)")
        #expect(warm.ending == .exited(0) && warm.errorText.contains("still in memory"), "\(warm.errorText)")
        #expect(warm.text == cold.text)
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
