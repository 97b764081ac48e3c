import Foundation
import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetCLI

/// What stands on standard output and standard error for a scripted answer.
struct AnswerPrinterTests {
    /// What a printed stream left behind.
    private struct Outcome {
        var output: String
        var errors: String
        var reply: Reply
        var failure: GenerationError?
    }

    /// Prints to files, or to a terminal that is standard output and standard error in one.
    private static func print(
        _ provider: ScriptedProvider, format: OutputFormat = .text, choices: Int = 1, tabulates: Bool = false,
        terminal: Bool = false
    ) async throws -> Outcome {
        let (output, errors) = (try TemporaryFile(""), try TemporaryFile(""))
        let pair = terminal ? PseudoTerminal() : nil
        let descriptors = [output.path, errors.path].map { (path: String) in pair?.theirs ?? open(path, O_RDWR) }
        let console = Console(output: descriptors[0], errors: descriptors[1], signals: Signals())
        var printer = AnswerPrinter(
            format: format, choiceCount: choices, tabulates: tabulates, console: console, patience: .zero)
        let stream = try await provider.stream(GenerationRequest(prompt: .text("x")))
        let (reply, failure) = try await printer.print(stream)
        for descriptor in Set(descriptors) { close(descriptor) }
        var screen: [UInt8] = []
        if let pair {
            // The terminal hands over in pieces; when the program's end is closed, the rest and then an error come.
            var bytes = [UInt8](repeating: 0, count: 4096)
            while case let count = read(pair.mine, &bytes, bytes.count), count > 0 { screen += bytes.prefix(count) }
            close(pair.mine)
        }
        return Outcome(
            output: pair == nil ? output.contents ?? "" : String(decoding: screen, as: UTF8.self),
            errors: errors.contents ?? "", reply: reply,
            failure: failure)
    }

    @Test(arguments: [
        (["Once", " more.\n"], "Once more.\n"), (["Once"], "Once\n"), ([], ""), (["\u{1B}[2J"], "\u{1B}[2J\n"),
    ])
    func textEndsInOneLineEnd(pieces: [String], output: String) async throws {
        let outcome = try await Self.print(ScriptedProvider(answering: pieces))
        #expect(outcome.output == output && outcome.errors == "" && outcome.failure == nil)
        #expect(outcome.reply.text == pieces.joined())
    }

    @Test func onATerminalControlCharactersAreShown() async throws {
        let outcome = try await Self.print(ScriptedProvider(answering: ["\u{1B}", "[2J\r\tend\n"]), terminal: true)
        #expect(outcome.output == "\\u{1B}[2J\\r\tend\r\n")
    }

    @Test func reasoningIsNoPartOfTheAnswer() async throws {
        let provider = ScriptedProvider([
            .write(.role(.assistant)), .write(.reasoning("Hm.\u{7}")), .write(.text("Yes.")),
            .write(.finish(Finish(.stop))),
            .write(.end(Usage(promptTokens: 1, completionTokens: 2), nil)),
        ])
        let outcome = try await Self.print(provider)
        #expect(outcome.output == "Yes.\n" && outcome.errors == "Hm.\\u{7}")
    }

    @Test func tokensStandOnLinesOfTheirOwn() async throws {
        let half = TokenLogProbability.Candidate(bytes: [0xE2, 0x82], logProbability: -0.00004)
        let escape = TokenLogProbability.Candidate(bytes: Array("\u{1B}\n".utf8), logProbability: -.infinity)
        let provider = ScriptedProvider([
            .write(.role(.assistant)), .write(.text("Yes.")),
            .write(.logProbabilities([.init(token: half), .init(token: escape, top: [half, escape])])),
            .write(.finish(Finish(.stop, undecodable: [UndecodableBytes(offset: 4, bytes: [0xE2])]))),
            .write(.end(Usage(promptTokens: 1, completionTokens: 2), nil)),
        ])
        let outcome = try await Self.print(provider, tabulates: true)
        let lines =
            #"  -0.0000  "\xE2\x82""# + "\n"
            + #"     -inf  "\u{1B}\n"   "\xE2\x82" -0.0000   "\u{1B}\n" -inf"# + "\n"
        #expect(outcome.output == lines && outcome.errors == "")
    }

    @Test func callsAreLinesOfTheirOwn() async throws {
        let fragments = [
            ToolCallFragment(index: 0, id: "a", name: "f"), ToolCallFragment(index: 0, arguments: #"{"x": "#),
            ToolCallFragment(index: 0, arguments: "1}"), ToolCallFragment(index: 1, id: "b", name: "g"),
        ]
        var steps: [ScriptedProvider.Step] = [.write(.role(.assistant)), .write(.text("Well,"))]
        for fragment in fragments { steps.append(.write(.toolCall(fragment))) }
        steps += [.write(.finish(Finish(.toolCalls))), .write(.end(Usage(promptTokens: 1, completionTokens: 2), nil))]
        let provider = ScriptedProvider(steps)
        let outcome = try await Self.print(provider)
        #expect(outcome.output == "Well,\nf({\"x\": 1})\ng()\n" && outcome.errors == "")
    }

    @Test func bytesThatAreNoTextAreTold() async throws {
        let finish = Finish(.length, undecodable: [UndecodableBytes(offset: 1, bytes: [0xF0, 0x9F])])
        let outcome = try await Self.print(ScriptedProvider(answering: ["a"], finish: finish))
        #expect(outcome.output == "a\n")
        #expect(
            outcome.errors == "freshet: The model wrote 2 bytes that are no part of a character, and left out here.\n")
    }

    @Test func aFailureKeepsWhatHasCome() async throws {
        let error = GenerationError(.engineFailed, "The engine broke.")
        let steps: [ScriptedProvider.Step] = [.write(.role(.assistant)), .write(.text("So far")), .fail(error)]
        let text = try await Self.print(ScriptedProvider(steps))
        #expect(
            text.output == "So far\n" && text.failure?.message == "The engine broke." && text.reply.text == "So far")
        let lines = try await Self.print(ScriptedProvider(steps), format: .jsonl).output.split(separator: "\n")
        #expect(lines.count == 3 && lines.last?.hasPrefix(#"{"error":{"message":"The engine broke.""#) == true)
        let events = try await Self.print(ScriptedProvider(steps), format: .sse).output
        #expect(events.contains(#"data: {"error""#) && !events.contains("[DONE]"))
    }

    /// Three choices that come side by side, the second without text.
    private static let choices: [ScriptedProvider.Step] = [
        .write(.role(.assistant)), .write(.role(.assistant), index: 2), .write(.text("c"), index: 2), .pause,
        .write(.text("a")), .write(.role(.assistant), index: 1),
        .write(.finish(Finish(.stop, undecodable: [UndecodableBytes(offset: 0, bytes: [0xFF])])), index: 1), .pause,
        .write(.text("\n")),
        .write(.finish(Finish(.stop, undecodable: [UndecodableBytes(offset: 0, bytes: [0xFF])]))), .pause,
        .write(.text("d"), index: 2), .write(.finish(Finish(.length)), index: 2),
        .write(.end(Usage(promptTokens: 1, completionTokens: 4), nil)),
    ]

    @Test func choicesAreSetApart() async throws {
        let piped = try await Self.print(ScriptedProvider(Self.choices), choices: 3)
        #expect(piped.output == "a\n\u{C}\n\u{C}\ncd\n")
        #expect(piped.errors.contains("2 bytes"))
        let shown = try await Self.print(ScriptedProvider(Self.choices), choices: 3, terminal: true)
        let screen = "── 1 of 3 ──\r\na\r\n\r\n── 2 of 3 ──\r\n\r\n── 3 of 3 ──\r\ncd\r\n"
        #expect(shown.output.hasPrefix(screen), "\(shown.output)")
        let lines = try await Self.print(ScriptedProvider(Self.choices), format: .jsonl, choices: 3).output
        let indexes = lines.split(separator: "\n").compactMap { $0.firstMatch(of: /"index":(\d)/).map { String($0.1) } }
        #expect(indexes == ["0", "2", "2", "0", "1", "1", "0", "0", "2", "2"], "as they come")
    }

    /// A stream that fails before the first choice has finished: the others' text is not lost.
    @Test func aFailureKeepsWhatHasComeOfEveryChoice() async throws {
        let steps = Self.choices.prefix(5) + [.fail(GenerationError(.engineFailed, "The engine broke."))]
        let outcome = try await Self.print(ScriptedProvider(Array(steps)), choices: 3)
        #expect(outcome.output == "a\n\u{C}\nc\n" && outcome.failure?.code == .engineFailed)
    }

    @Test func theBarShowsThePromptAndGoes() async throws {
        let progress = [0, 50, 100].map {
            ScriptedProvider.Step.write(.progress(PromptProgress(processed: $0, cached: 0, total: 100)))
        }
        let answer: [ScriptedProvider.Step] = [
            .write(.text("Hi\n")), .write(.finish(Finish(.stop))),
            .write(.end(Usage(promptTokens: 100, completionTokens: 1), nil)),
        ]
        let provider = ScriptedProvider([.write(.role(.assistant))] + progress + answer)
        let screen = try await Self.print(provider, terminal: true).output
        #expect(screen.contains("Reading the prompt") && screen.contains(" 50%"))
        #expect(screen.hasSuffix("\r\u{1B}[KHi\r\n"))
        let piped = try await Self.print(provider, format: .jsonl)
        #expect(piped.errors == "" && !piped.output.contains("progress"))
    }

    @Test func aReaderThatLeavesCancelsTheStream() async throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        signal(SIGPIPE, SIG_IGN)
        close(ends[0])
        defer { close(ends[1]) }
        let provider = ScriptedProvider([.write(.role(.assistant)), .write(.text("a")), .stall])
        let stream = try await provider.stream(GenerationRequest(prompt: .text("x")))
        var printer = AnswerPrinter(format: .text, console: Console(output: ends[1], signals: Signals()))
        let exit = await #expect(throws: Exit.self) { try await printer.print(stream) }
        #expect(exit == .outputClosed)
        #expect(provider.record.snapshot.cancelled == 1)
    }
}
