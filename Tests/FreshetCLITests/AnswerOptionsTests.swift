import Foundation
import Freshet
import Testing

@testable import FreshetCLI

/// llama.cpp's names for the options of an answer.
struct AnswerOptionsTests {
    private static func parse(_ typed: String...) throws -> AnswerOptions {
        let values = try Generate.syntax.parse(typed)
        return try #require(values).answer
    }

    @Test func theDefaultsAreTheRequestsOwn() throws {
        let request = try Self.parse().request(for: .text("x"))
        #expect(request == GenerationRequest(prompt: .text("x")))
    }

    @Test func everyOptionReachesTheRequest() throws {
        let options = try Self.parse(
            "-n", "7", "--stop", "A", "-r", "B", "--deadline", "1.5", "--idle-timeout", "0.25", "--context-shift",
            "--speculate", "--reproducible", "-s", "9", "--temp", "0.5", "--top-k", "3",
            "--top-p",
            "0.9", "--min-p", "0.1", "--typical", "0.8", "--top-nsigma", "2", "--xtc-probability", "0.3",
            "--xtc-threshold",
            "0.2", "--dynatemp-range", "0.4", "--dynatemp-exp", "2", "--mirostat", "2", "--mirostat-lr", "0.3",
            "--mirostat-ent", "4", "--repeat-last-n", "-1", "--repeat-penalty", "1.1", "--presence-penalty", "0.6",
            "--frequency-penalty", "-0.7", "--dry-multiplier", "0.8", "--dry-base", "2", "--dry-allowed-length", "4",
            "--dry-penalty-last-n", "100", "--ignore-eos", "--samplers", "top-k;temperature", "-l", "17+1.5",
            "--logit-bias",
            "3-inf")
        var sampling = SamplingOptions()
        (sampling.seed, sampling.temperature, sampling.topK, sampling.topP) = (9, 0.5, 3, 0.9)
        (sampling.minP, sampling.typicalP, sampling.topNSigma) = (0.1, 0.8, 2)
        (sampling.xtcProbability, sampling.xtcThreshold) = (0.3, 0.2)
        (sampling.dynamicTemperatureRange, sampling.dynamicTemperatureExponent) = (0.4, 2)
        (sampling.mirostat, sampling.mirostatEta, sampling.mirostatTau) = (.v2, 0.3, 4)
        (sampling.penaltyLastN, sampling.repeatPenalty) = (-1, 1.1)
        (sampling.presencePenalty, sampling.frequencyPenalty) = (0.6, -0.7)
        (sampling.dryMultiplier, sampling.dryBase, sampling.dryAllowedLength, sampling.dryPenaltyLastN) = (
            0.8, 2, 4, 100
        )
        sampling.ignoresEndOfGeneration = true
        sampling.stages = [.topK, .temperature]
        sampling.logitBias = [17: 1.5, 3: -.infinity]
        let expected = GenerationRequest(
            prompt: .text("x"), sampling: sampling, maxTokens: 7, stop: ["A", "B"], deadline: .seconds(1.5),
            idleTimeout: .milliseconds(250), shiftsContext: true, speculates: true, isReproducible: true)
        #expect(options.request(for: .text("x")) == expected)
    }

    @Test func theLastFormOfTheAnswerStands() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("freshet-\(UUID().uuidString)")
        try Data("root ::= \"é\"\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        for (typed, format) in [
            (["--json"], ResponseFormat.jsonObject), (["--regex", "a+", "--json=off"], .regex("a+")),
            (["--json", "--json=off"], .text), (["-j", "{}"], .jsonSchema("{}")),
            (["--json", "--json-schema={}"], .jsonSchema("{}")), (["--grammar", "root ::= x"], .grammar("root ::= x")),
            (["--grammar-file", file.path], .grammar("root ::= \"é\"\n")),
            (["-jf", file.path], .jsonSchema("root ::= \"é\"\n")),
        ] {
            let values = try #require(try Generate.syntax.parse(typed))
            #expect(values.answer.request(for: .text("x")).responseFormat == format, "\(typed)")
        }
        try Data([0xFF]).write(to: file)
        for path in [file.path, file.path + "-not", "/dev/zero", "/"] {
            #expect(throws: UsageError.self) { try Generate.syntax.parse(["--grammar-file", path]) }
        }
    }

    @Test func ownSequenceBreakersReplaceTheDefaults() throws {
        let two = try Self.parse("--dry-sequence-breaker", "a", "--dry-sequence-breaker", "b")
        #expect(two.sampling.drySequenceBreakers == ["a", "b"])
        #expect(try Self.parse("--dry-sequence-breaker", "none").sampling.drySequenceBreakers.isEmpty)
        #expect(try Self.parse().sampling.drySequenceBreakers == SamplingOptions().drySequenceBreakers)
    }

    @Test func seeds() throws {
        #expect(try Self.parse("--seed", "-1").sampling.seed == nil)
        #expect(try Self.parse("--seed", "18446744073709551615").sampling.seed == .max)
    }

    @Test(arguments: [
        ["--seed", "-2"], ["--seed", "x"], ["--samplers", "top_k;topk2"], ["--samplers", "top_k;top_k"], ["-l", "17"],
        ["-l", "-1+1"], ["-l", "17+nan"], ["-l", "17+inf"], ["-l", "17+"], ["--stop", ""], ["--deadline", "-1"],
        ["--idle-timeout", "-1"], ["--idle-timeout", "soon"], ["--context-shift=maybe"], ["--choices", "0"],
        ["--choices", "129"], ["--choices", "two"],
        ["--temp", "-0.1"], ["--temp", "inf"], ["--top-p", "1.01"], ["--repeat-penalty", "0"], ["--mirostat", "3"],
        ["-n", "-2"],
        ["-t", "513"], ["-b", "0"], ["-c", "99999999999"], ["-m", ""], ["--format", "xml"],
    ])
    func outOfRangeIsRefused(typed: [String]) {
        #expect(throws: UsageError.self) { try Generate.syntax.parse(typed) }
    }

    /// What the parser lets through, the request's own check must not refuse: a person would be told the wire's name.
    @Test(arguments: [
        ["--temp", "3e38"], ["--repeat-penalty", "0.01"], ["--repeat-last-n", "-1"], ["--top-nsigma", "-1"],
        ["--mirostat", "1"],
        ["--deadline", "0"], ["--idle-timeout", "0"], ["--context-shift=off"], ["--choices", "128"], ["-n", "0"],
        ["--dynatemp-range", "100"], ["--samplers", ""],
    ])
    func whatIsParsedIsValid(typed: [String]) throws {
        let values = try #require(try Generate.syntax.parse(typed))
        try values.answer.request(for: .text("x")).validate()
    }

    /// One range has one truth: the parser refuses a value just when the request's own check refuses it.
    private static func expectOneTruth<Number: LosslessStringConvertible>(
        _ path: WritableKeyPath<SamplingOptions, Number>, _ name: String, for values: [Number]
    ) {
        for value in values {
            var sampling = SamplingOptions()
            sampling[keyPath: path] = value
            let isParsed = (try? Self.parse(name, String(value))) != nil
            #expect(isParsed == ((try? sampling.validate()) != nil), "\(name) \(value)")
        }
    }

    @Test func theParserTakesTheNumbersThatTheRequestTakes() {
        let paths: [(String, WritableKeyPath<SamplingOptions, Float>)] = [
            ("--temp", \.temperature), ("--top-p", \.topP), ("--min-p", \.minP), ("--typical-p", \.typicalP),
            ("--top-n-sigma", \.topNSigma), ("--xtc-probability", \.xtcProbability),
            ("--xtc-threshold", \.xtcThreshold), ("--dynatemp-range", \.dynamicTemperatureRange),
            ("--dynatemp-exp", \.dynamicTemperatureExponent), ("--mirostat-eta", \.mirostatEta),
            ("--mirostat-tau", \.mirostatTau), ("--repeat-penalty", \.repeatPenalty),
            ("--presence-penalty", \.presencePenalty), ("--frequency-penalty", \.frequencyPenalty),
            ("--dry-multiplier", \.dryMultiplier), ("--dry-base", \.dryBase),
        ]
        for (name, path) in paths {
            Self.expectOneTruth(
                path, name, for: [-1e38, -101, -100, -1.5, -1, -1e-38, 0, 1e-38, 0.5, 1, 1.5, 100, 101, 1e38])
        }
    }

    @Test func theParserTakesTheCountsThatTheRequestTakes() {
        let paths: [(String, WritableKeyPath<SamplingOptions, Int>)] = [
            ("--top-k", \.topK), ("--repeat-last-n", \.penaltyLastN), ("--dry-penalty-last-n", \.dryPenaltyLastN),
            ("--dry-allowed-length", \.dryAllowedLength),
        ]
        for (name, path) in paths {
            Self.expectOneTruth(path, name, for: [.min, -2, -1, 0, 1, 1_000_001, Int(Int32.max), .max])
        }
    }

    @Test func aPositiveNumberIsAskedForInWords() {
        #expect(throws: UsageError(message: "--repeat-penalty must be more than 0, but is 0.")) {
            try Self.parse("--repeat-penalty", "0")
        }
    }

    @Test(arguments: Command.all.map(\.name))
    func everyHelpPageNamesEveryOption(command: String) throws {
        let help = try Command.named(command).help(80)
        #expect(help.contains("Usage: freshet \(command)"))
        if command == "generate" {
            for option in AnswerOptions.groups.flatMap(\.options) { #expect(help.contains(option.names[0])) }
        }
    }

    @Test func aMistypedCommandGetsASuggestion() {
        #expect(throws: UsageError(message: "There is no command “genarate”; did you mean generate?")) {
            try Command.named("genarate")
        }
    }
}
