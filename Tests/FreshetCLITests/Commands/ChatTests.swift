import Foundation
import FreshetTestSupport
import Testing

/// `freshet chat` as a process, through a pipe and through a terminal.
struct ChatTests {
    private static let greedy = ["chat", "--temp", "0", "-n", "24"]
    private static let toolTemplate = EmbeddedModel.repository.appendingPathComponent("Tests/clients/tools.jinja").path

    @Test func eachLineOfAPipeIsATurn() async {
        let outcome = await FreshetProcess.run(Self.greedy, input: Array("Hello!\nWhat can you do?".utf8))
        #expect(outcome.ending == .exited(0))
        #expect(outcome.text.split(separator: "\n").count >= 2)
        #expect(outcome.errorText == "", "no prompt is shown")
    }

    @Test func whatWasSaidIsRemembered() async throws {
        let file = try TemporaryFile("")
        let input = "My name is Tom.\n/save \(file.path)\n/reset\n/load \(file.path)\n/save \(file.path)\n/regen\n"
        let outcome = await FreshetProcess.run(Self.greedy, input: Array(input.utf8))
        #expect(outcome.ending == .exited(0), "\(outcome.errorText)")
        let answers = outcome.text.split(separator: "\n").map(String.init)
        #expect(answers.count == 2 && answers[0] == answers[1], "greedy gives the same answer anew")
        #expect(outcome.errorText.contains("Saved 2 turns") && outcome.errorText.contains("Loaded 2 turns"))
        #expect(file.contents?.contains("My name is Tom.") == true)
        #expect(file.contents?.contains(answers.first ?? "-") == true)
        unlink(file.path + ".state")
    }

    /// What was computed comes back in another process; a state that cannot be used costs no more than its computation.
    @Test func aLoadedConversationIsNotComputedAgain() async throws {
        let file = try TemporaryFile("")
        defer { unlink(file.path + ".state") }
        let save = await FreshetProcess.run(
            Self.greedy, input: Array("My name is Tom. Tell me a story.\n/save \(file.path)\n".utf8))
        let kept = try #require(Self.number(before: " computed tokens", in: save.errorText))
        #expect(kept > 20)

        let load = Array("/load \(file.path)\nWhat is my name?\n/stats\n".utf8)
        let goOn = await FreshetProcess.run(Self.greedy, input: load)
        #expect(goOn.ending == .exited(0) && goOn.errorText.contains("Loaded 2 turns"))
        #expect(Self.number(before: " computed tokens", in: goOn.errorText) == kept)
        #expect(Self.number(before: " of them still in memory", in: goOn.errorText) == kept)

        // Another way of keeping keys: text only.
        let other = await FreshetProcess.run(Self.greedy + ["-ctk", "q8_0"], input: load)
        #expect(other.ending == .exited(0) && other.errorText.contains("as text only. The state "))
        #expect(!other.errorText.contains("still in memory"))
        let handle = try #require(FileHandle(forWritingAtPath: file.path + ".state"))
        try handle.seek(toOffset: 1000)
        try handle.write(contentsOf: [1, 2, 3, 4, 5])
        try handle.close()
        let damaged = await FreshetProcess.run(Self.greedy, input: load)
        #expect(damaged.ending == .exited(0) && damaged.errorText.contains("is damaged."))
    }

    /// With tools and a template's variables in the prompt, what was computed is kept all the same.
    @Test func aConversationWithToolsIsNotComputedAgain() async throws {
        let file = try TemporaryFile("")
        defer { unlink(file.path + ".state") }
        let tools = try TemporaryFile(
            #"[{"type": "function", "function": {"name": "get_weather", "description": "tells how the weather is"}}]"#)
        let options =
            Self.greedy + ["--tools", tools.path, "--chat-template-file", Self.toolTemplate]
        let save = await FreshetProcess.run(
            options + ["--stats"], input: Array("My name is Tom. Tell me a story.\n/save \(file.path)\n".utf8))
        let kept = try #require(Self.number(before: " computed tokens", in: save.errorText), "\(save.errorText)")
        let asked = try #require(Self.number(before: " tokens", in: save.errorText))
        #expect(kept >= asked, "\(kept) of a prompt of \(asked)")
    }

    /// A loaded conversation goes on where it stopped: at a call without a result, a result, or a question.
    @Test(arguments: [
        (#"{"role":"user","content":"Hello!"}"#, "no answer yet", 1),
        (Self.weatherCall, "The next line is what get_weather gives.", 0),
        (Self.weatherCall + #",{"role":"tool","tool_call_id":"a","content":"rain"}"#, "no answer yet", 1),
    ])
    func aLoadedConversationGoesOnWhereItStopped(turns: String, note: String, answers: Int) async throws {
        let file = try TemporaryFile(#"{"messages":["# + turns + "]}")
        let outcome = await FreshetProcess.run(
            Self.greedy + ["--chat-template-file", Self.toolTemplate],
            input: Array("/load \(file.path)\n".utf8))
        #expect(outcome.ending == .exited(0) && outcome.errorText.contains(note), "\(outcome.errorText)")
        #expect(outcome.text.isEmpty == (answers == 0), "\(outcome.text)")
    }

    private static let weatherCall =
        #"{"role":"user","content":"How is the weather?"},{"role":"assistant","content":null,"tool_calls":"#
        + #"[{"id":"a","type":"function","function":{"name":"get_weather","arguments":"{}"}}]}"#

    /// The number that stands before some words.
    private static func number(before words: String, in text: String) -> Int? {
        text.range(of: words).flatMap { range in
            Int(String(text[..<range.lowerBound].reversed().prefix { $0.isNumber }.reversed()))
        }
    }

    @Test func anAnswerThatCannotBeGivenAnewStands() async throws {
        let file = try TemporaryFile("")
        let input = "Hello!\n/set deadline 0.000001\n/regen\n/save \(file.path)\n"
        let outcome = await FreshetProcess.run(Self.greedy, input: Array(input.utf8))
        #expect(outcome.ending == .exited(1) && outcome.errorText.contains("deadline"), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("Saved 2 turns"))
        unlink(file.path + ".state")
    }

    @Test(arguments: [
        ("/nonsense", "There is no command /nonsense"), ("/set topk 3", "did you mean top-k?"),
        ("/set temp -1", "temp must be 0 or more, but is -1."), ("/set temp", "/set temp needs a value"),
        ("/set regex", #"/set regex "" lets answers be any text."#),
        ("/load /proc/nonexistent", "No such file"), ("/load /", "Is a directory"),
        ("/save /proc/nonexistent/x", "No such file"),
        ("/regen", "There is no answer to give anew."), ("/save", "/save needs a file"),
    ])
    func aMistakeGetsASentenceAndTheChatGoesOn(line: String, sentence: String) async {
        let outcome = await FreshetProcess.run(Self.greedy, input: Array("\(line)\n/system\n".utf8))
        #expect(outcome.ending == .exited(1), "something failed that no person could mend")
        #expect(outcome.errorText.contains(sentence), "\(outcome.errorText)")
        #expect(outcome.errorText.contains("There is no system prompt."))
    }

    @Test func optionsAreChangedAndShown() async {
        let input =
            "/set n 1\n/set top_p=0.5\n/set ignore-eos on\n/set\nHello\n/stats\n/set defaults\n/set n 2\n/system Be brief.\n/system\n/help\n/quit\nnever read\n"
        let outcome = await FreshetProcess.run(Self.greedy, input: Array(input.utf8))
        #expect(outcome.ending == .exited(0), "\(outcome.errorText)")
        for text in [
            "predict is 1.", "top-p is 0.5.", "answer: 1 token", "predict is 2.", "The system prompt is: Be brief.",
            "/regen",
        ] {
            #expect(outcome.errorText.contains(text), "\(text)")
        }
    }

    @Test func aFormIsTakenAway() async {
        let outcome = await FreshetProcess.run(
            Self.greedy, input: Array("/set regex a{3}\nHello\n/set regex \"\"\nHello\n".utf8))
        let answers = outcome.text.split(separator: "\n")
        #expect(outcome.ending == .exited(0) && answers.first == "aaa" && answers.last != "aaa", "\(outcome.text)")
        #expect(outcome.errorText.contains("Answers may be any text."))
    }

    @Test func whatIsNotUTF8IsRefused() async {
        let outcome = await FreshetProcess.run(Self.greedy, input: [0x68, 0x69, 0xFF, 0x0A])
        #expect(outcome.ending == .exited(1))
        #expect(outcome.errorText.contains("byte 2"))
    }

    @Test func aConversationLongerThanTheContextFails() async {
        let words = String(repeating: "word ", count: 3000)
        let outcome = await FreshetProcess.run(Self.greedy, input: Array("\(words)\nHello\n".utf8))
        #expect(outcome.ending == .exited(1))
        #expect(outcome.errorText.contains("1024"), "\(outcome.errorText)")
        #expect(!outcome.text.isEmpty, "the next, shorter question is answered")
    }

    @Test func aPersonTypesAtATerminal() async {
        let outcome = await FreshetProcess.run(
            Self.greedy,
            steps: [
                .init("> ", .type("/system Bé kind\u{7F}\u{7F}\u{7F}\u{7F}brave.\n")),
                .init("is set.", .type("/system\n")),
                .init("The system prompt is: Bé brave.", .type("half a line")),
                .init("half a line", .type("\u{3}")), .init("\n> ", .type("/set ignore-eos on\n")),
                .init("is on.", .type("/set n -1\n")), .init("predict is -1.", .type("Tell me a story.\n")),
                .init("story.", .type("")), .init(" a", .type("\u{3}")), .init("> ", .type("/stats\n")),
                .init("No answer has come to its end yet.", .type("")), .init("> ", .type("\u{4}")),
            ], terminal: true)
        #expect(outcome.ending == .exited(0), "\(outcome.text)")
        #expect(outcome.stepsLeft == 0, "\(outcome.text)")
    }

    @Test func ctrlCStopsTheAnswerAndTheChatGoesOn() async {
        let outcome = await FreshetProcess.run(
            ["chat", "--ignore-eos", "--temp", "0"],
            steps: [
                .init("> ", .type("Tell me a story.\n")), .init("a", .type("")), .init(". ", .type("\u{3}")),
                .init("> ", .type("/set n 3\n")), .init("predict is 3.", .type("Hello.\n")),
                .init("> ", .type("/stats\n")),
                .init("answer: 3 tokens", .type("/quit\n")),
            ], terminal: true)
        #expect(outcome.ending == .exited(0), "\(outcome.text)")
        #expect(outcome.stepsLeft == 0, "\(outcome.text)")
    }

    /// Nothing can stop a chat template, which runs inside llama.cpp.
    @Test func ctrlCTwiceEndsAChatWhoseTemplateDoesNotEnd() async throws {
        var writer = GGUFWriter.tinyLlama
        let loop = "{% for x in range(10000) %}"
        writer["tokenizer.chat_template"] = .string(
            String(repeating: loop, count: 4) + String(repeating: "{% endfor %}", count: 4))
        let file = try TemporaryFile(writer.file)
        let outcome = await FreshetProcess.run(
            ["chat", "-m", file.path],
            steps: [
                .init("> ", .type("Hello\n")), .init("Hello", .type("")), .init("\n", .signalAgainAndAgain(SIGINT)),
            ],
            terminal: true)
        #expect(outcome.ending == .exited(130), "\(outcome.text)")
    }

    @Test func theHistoryIsKept() async throws {
        let state = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: state) }
        let first = await FreshetProcess.run(
            Self.greedy,
            steps: [.init("> ", .type("/system Ünïque.\n")), .init("is set.", .type("")), .init("> ", .type("\u{4}"))],
            terminal: true,
            environment: ["XDG_STATE_HOME": state])
        #expect(first.ending == .exited(0))
        // Ctrl-P brings the last line back.
        let second = await FreshetProcess.run(
            Self.greedy,
            steps: [
                .init("> ", .type("\u{10}")), .init("Ünïque.", .type("\n")), .init("is set.", .type("")),
                .init("> ", .type("\u{4}")),
            ],
            terminal: true, environment: ["XDG_STATE_HOME": state])
        #expect(second.ending == .exited(0))
        #expect(second.stepsLeft == 0, "\(second.text)")
    }

    @Test(arguments: [(SIGTERM, 143), (SIGHUP, 129)] as [(Int32, Int32)])
    func aSignalAtThePromptEndsIt(signal: Int32, status: Int32) async {
        let outcome = await FreshetProcess.run(Self.greedy, steps: [.init("> ", .signal(signal))], terminal: true)
        #expect(outcome.ending == .exited(status))
    }

    @Test func ctrlCEndsAChatThatNoPersonTypes() async {
        let outcome = await FreshetProcess.run(
            ["chat", "--ignore-eos"], steps: [.init("", .type("Tell me a story.\n")), .init("a", .signal(SIGINT))])
        #expect(outcome.ending == .exited(130))
    }
}
