import Foundation
import FreshetTestSupport
import Testing

/// Bad input gets one sentence and a status other than 0: never a crash, never a hang, and nothing on standard output.
struct BadInputTests {
    /// Whether the program refused, and how it said so.
    private static func expectRefusal(
        _ outcome: FreshetProcess.Outcome, status: Int32 = 1, saying text: String,
        at location: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.ending == .exited(status), "\(outcome.errorText)", sourceLocation: location)
        #expect(outcome.text == "", sourceLocation: location)
        #expect(outcome.errorText.contains(text), "\(outcome.errorText)", sourceLocation: location)
        let lines = outcome.errorText.split(separator: "\n")
        #expect(lines.first?.hasPrefix("freshet: ") == true, "\(outcome.errorText)", sourceLocation: location)
        // Wrong usage has a second line, which says where help is.
        #expect(lines.count == (status == 2 ? 2 : 1), "\(outcome.errorText)", sourceLocation: location)
    }

    private static func generate(with model: [UInt8]) async throws -> FreshetProcess.Outcome {
        let file = try TemporaryFile(model)
        return await FreshetProcess.run(["generate", "-m", file.path, "-n", "1", "--temp", "0", "a"])
    }

    @Test(arguments: ["generate", "chat", "tokenize", "inspect"])
    func noSuchModel(command: String) async {
        let outcome = await FreshetProcess.run([command, "-m", "/proc/nonexistent/model.gguf"], input: Array("a".utf8))
        Self.expectRefusal(outcome, saying: "/proc/nonexistent/model.gguf")
    }

    @Test(arguments: ["generate", "chat", "tokenize", "inspect"])
    func aDirectory(command: String) async {
        let outcome = await FreshetProcess.run([command, "-m", "/"], input: Array("a".utf8))
        Self.expectRefusal(outcome, saying: "directory")
    }

    @Test func anEmptyFile() async throws { Self.expectRefusal(try await Self.generate(with: []), saying: "empty") }

    @Test func notAGGUF() async throws {
        let text = Array(String(repeating: "This is a text. ", count: 64).utf8)
        Self.expectRefusal(try await Self.generate(with: text), saying: "GGUF")
    }

    @Test func anUnsupportedArchitecture() async throws {
        var writer = GGUFWriter.tinyLlama
        writer["general.architecture"] = .string("walrus")
        Self.expectRefusal(try await Self.generate(with: writer.file), saying: "walrus")
    }

    /// What is left out of a tool's schema is nothing for the server's log.
    @Test(arguments: ["auto", "required"]) func nothingOfARequestIsPrinted(choice: String) async throws {
        let tools =
            #"[{"function":{"name":"f","parameters":{"properties":{"a":{"pattern":"(?=MINE)\nx\u001b[31m"}}}}}]"#
        let file = try TemporaryFile(Array(tools.utf8))
        let template = EmbeddedModel.repository.appendingPathComponent("Tests/clients/tools.jinja").path
        let outcome = await FreshetProcess.run([
            "generate", "--chat", "--tools", file.path, "--tool-choice", choice, "--chat-template-file", template, "-n",
            "3", "Hi",
        ])
        #expect(outcome.ending == .exited(0) && !outcome.errorText.contains("MINE"), "\(outcome.errorText)")
        #expect(!outcome.errorText.contains("schema") && !outcome.errorText.contains("\u{1b}"), "\(outcome.errorText)")
    }

    @Test(arguments: 0..<20)
    func cutAtEveryFivePercent(step: Int) async throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: FreshetTestSupport.EmbeddedModel.path))
        let outcome = try await Self.generate(with: [UInt8](whole.prefix(whole.count * step / 20)))
        Self.expectRefusal(outcome, saying: "The model ")
    }

    /// Some flipped bytes leave a model that still runs: then it must run to its end.
    @Test func aFlippedByteInTheHeader() async throws {
        let whole = GGUFWriter.tinyLlama.file
        var random = SeededGenerator(seed: 5)
        var refused = 0
        // The first bytes hold the counts; the rest is chosen by chance.
        let places =
            Array(0..<24) + (0..<56).map { _ in Int.random(in: 24..<GGUFWriter.tinyLlama.header.count, using: &random) }
        for place in places {
            var bytes = whole
            bytes[place] ^= UInt8.random(in: 1...255, using: &random)
            let outcome = try await Self.generate(with: bytes)
            switch outcome.ending {
            case .exited(0): break
            case .exited(1):
                refused += 1
                #expect(outcome.errorText.hasPrefix("freshet: "), "byte \(place): \(outcome.errorText)")
            default: Issue.record("byte \(place): \(outcome.ending), \(outcome.errorText)")
            }
        }
        #expect(refused > 20)
    }

    @Test func aPromptLongerThanTheContext() async {
        let prompt = String(repeating: "word ", count: 3000)
        let outcome = await FreshetProcess.run(["generate"], input: Array(prompt.utf8))
        Self.expectRefusal(outcome, saying: "1024")
        #expect(outcome.errorText.contains("300"), "both lengths: \(outcome.errorText)")
    }

    @Test(arguments: [
        ["--temp", "-1"], ["--top-p", "2"], ["-n", "x"], ["--threads", "100000"], ["-c", "-5"], ["--mirostat", "9"],
        ["--stop", ""], ["--nonsense"], ["--deadline", "-3"], ["--logit-bias", "1"], ["--choices", "0"],
        ["--idle-timeout", "-1"], ["--cache-type-k", "q9"], ["--cache-limit", "8GB"], ["--cache-limit", "8G"],
        ["--flash-attn", "maybe"],
    ])
    func anOptionOutOfRange(arguments: [String]) async {
        let outcome = await FreshetProcess.run(["generate", "Once"] + arguments)
        Self.expectRefusal(outcome, status: 2, saying: arguments[0])
    }

    /// What the engine refuses of its options is wrong usage too.
    @Test func optionsThatContradictOneAnother() async {
        let outcome = await FreshetProcess.run(["generate", "Once", "-ctv", "q8_0", "-fa", "off"])
        Self.expectRefusal(outcome, status: 2, saying: "--cache-type-v of q8_0 needs flash attention")
    }

    /// The first of several answers may never end, and the others would pile up behind it.
    @Test func endlessAnswersInOrder() async {
        let arguments = ["generate", "Once", "--choices", "2", "--context-shift", "--ignore-eos"]
        Self.expectRefusal(await FreshetProcess.run(arguments), status: 2, saying: "give --n-predict too")
        let ordered = await FreshetProcess.run(arguments + ["-n", "2"])
        #expect(ordered.ending == .exited(0))
    }

    @Test(arguments: [
        ["genarate"], ["generate", "a", "b"], ["tokenize", "--ids", "--count", "a"], ["help", "nothing"],
        ["--nonsense"],
    ])
    func wrongUsage(arguments: [String]) async {
        let outcome = await FreshetProcess.run(arguments)
        Self.expectRefusal(outcome, status: 2, saying: "freshet")
    }

    @Test func aPromptGivenTwice() async {
        for arguments in [["-f", "a", "-p", "b"], ["-f", "a", "b"], ["-p", "a", "b"]] {
            let outcome = await FreshetProcess.run(["generate"] + arguments)
            Self.expectRefusal(outcome, status: 2, saying: "given twice")
        }
    }

    @Test func nothingAtAll() async {
        let outcome = await FreshetProcess.run([])
        #expect(
            outcome.ending == .exited(2) && outcome.text == "" && outcome.errorText.contains("Usage: freshet COMMAND"))
        Self.expectRefusal(await FreshetProcess.run(["generate"]), status: 2, saying: "no prompt")
    }

    @Test(arguments: [
        ["--help"], ["help"], ["help", "chat"], ["generate", "--help"], ["--version"], ["inspect", "-h"],
    ])
    func helpIsAnAnswer(arguments: [String]) async {
        let outcome = await FreshetProcess.run(arguments)
        #expect(outcome.ending == .exited(0) && outcome.errorText == "" && outcome.text.contains("reshet"))
    }

    @Test(arguments: ["generate", "tokenize"])
    func invalidUTF8(command: String) async throws {
        let bytes: [UInt8] = Array("Once é".utf8) + [0xC3, 0x28]
        Self.expectRefusal(await FreshetProcess.run([command], input: bytes), saying: "byte 7")
        let file = try TemporaryFile(bytes)
        Self.expectRefusal(await FreshetProcess.run([command, "-f", file.path]), saying: file.path)
    }

    @Test func aClosedStandardOutput() async {
        let outcome = await FreshetProcess.run(
            ["generate", "--ignore-eos", "Once upon a time"], steps: [.init("a", .closeOutput)])
        #expect(outcome.ending == .exited(141) && outcome.errorText == "")
    }

    @Test func nothingToWriteTo() async {
        for redirection in ["> /dev/full", ">&-", "< /dev/null 1< /dev/null"] {
            let outcome = await ShellCommand.run("\"$0\" generate -n 4 Once \(redirection)", FreshetProcess.path)
            #expect(outcome.status == 1, "\(redirection)")
            #expect(outcome.errors.hasPrefix("freshet: Cannot write to standard output: "), "\(outcome.errors)")
        }
    }
}

/// A line of shell, for what only a shell can set up.
private enum ShellCommand {
    static func run(_ line: String, _ argument: String) async -> (status: Int32, errors: String) {
        let process = Process()
        let errors = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line, argument]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                try? process.run()
                let bytes = errors.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(returning: (process.terminationStatus, String(decoding: bytes, as: UTF8.self)))
            }
        }
    }
}
