import Freshet
import FreshetTestSupport
import Glibc
import Testing

@testable import FreshetBench

/// What experiments make of timelines, with answers worked out by hand.
struct ExperimentTests {
    private static func timeline(
        _ start: Double, _ pieces: [Double], end: Double? = nil, tokens: (prompt: Int, cached: Int, answer: Int)? = nil
    ) -> Timeline {
        var timeline = Timeline(label: "", start: start, pieces: pieces, end: end ?? pieces.last)
        if let tokens {
            (timeline.promptTokens, timeline.cachedTokens, timeline.answerTokens) = tokens
        }
        return timeline
    }

    @Test(
        arguments: [
            // 512 tokens in two seconds.
            (0, (512, 0, 1), 256), (1024, (1536, 1024, 1), 256),
            // The last of what is remembered is computed again, as llama-server does.
            (1024, (1536, 1023, 1), 256.5),
            // A prompt that was in memory, or was not where it should have been, tells nothing.
            (0, (512, 500, 1), nil), (1024, (1536, 0, 1), nil), (0, nil, nil),
        ] as [(Int, (Int, Int, Int)?, Double?)])
    func aPromptsSpeed(depth: Int, tokens: (Int, Int, Int)?, speed: Double?) {
        let figure = PromptSpeed(length: 512, depth: depth).figure(of: Self.timeline(1, [2.5], end: 3, tokens: tokens))
        #expect(figure.value == speed && (figure.remark == nil) == (speed != nil))
        #expect(figure.name == (depth == 0 ? "pp512" : "pp512 @ d1024"))
    }

    @Test(
        arguments: [
            // Every token fell out of the computation of one: 100 in 5 s.
            (0, (1, 0, 100), 20), (1024, (1025, 1024, 100), 20),
            // 99 in the 4 s after the first.
            (1024, (1025, 1020, 100), 24.75), (0, (12, 0, 100), 24.75), (0, nil, nil),
        ] as [(Int, (Int, Int, Int)?, Double?)])
    func anAnswersSpeed(depth: Int, tokens: (Int, Int, Int)?, speed: Double?) {
        let figure = DecodeSpeed(length: 100, depth: depth).figure(
            of: Self.timeline(1, [2, 6], end: 6, tokens: tokens))
        #expect(figure.value == speed && figure.name == (depth == 0 ? "tg100" : "tg100 @ d1024"))
    }

    @Test func anAnswerThatComesAtOnceHasNoSpeed() {
        let figure = DecodeSpeed(length: 100).figure(of: Self.timeline(1, [6], end: 6, tokens: (12, 0, 100)))
        #expect(figure.value == nil && figure.remark == "The answer came all at once.")
    }

    /// Gaps before the last stream's beginning hold its prompt, and those after the first one's end have more room.
    @Test func gapsAreThoseOfTheTimeInWhichAllRun() {
        let streams = [
            Self.timeline(0, [1, 5, 6, 8, 9]), Self.timeline(0, [4, 5, 7]), Self.timeline(0, [4.5, 6, 6.5]),
        ]
        #expect(Gaps.steadyGaps(of: streams) == [1, 1.5, 0.5])
        #expect(Gaps.steadyGaps(of: [Self.timeline(0, [1, 2, 4])]) == [1, 2])
        #expect(Gaps.steadyGaps(of: [Self.timeline(0, [1]), Self.timeline(0, [2])]) == [])
        #expect(Gaps.steadyGaps(of: []) == [])
    }

    @Test func throughputIsThatOfAll() {
        let streams = [
            Self.timeline(1, [2], end: 4, tokens: (32, 0, 60)), Self.timeline(1.5, [2], end: 6, tokens: (32, 0, 40)),
        ]
        let figure = Throughput(streams: 2).figure(of: streams)
        #expect(figure.value == 20 && figure.name == "2 streams" && figure.unit == .tokensPerSecond)
        #expect(Throughput(streams: 2).figure(of: [streams[0], Self.timeline(1, [2])]).value == nil)
    }

    /// Two runners with gaps of 1 s; the intruder comes at 4 and has its first token at 7.5. The gaps that touch that
    /// time are 3.5 to 4.5, 4.5 to 7 and 7 to 8 of the first, 4 to 7 and 7 to 8.5 of the second.
    @Test func whatAnIntruderCosts() {
        let timelines = [
            Self.timeline(0, [1.5, 2.5, 3.5, 4.5, 7, 8, 20]), Self.timeline(0, [1, 2, 3, 4, 7, 8.5]),
            Self.timeline(4, [7.5, 7.75]),
        ]
        let figures = Intruder(length: 960, streams: 2).figures(of: timelines)
        #expect(figures.map(\.value) == [1000, 3000, 3500])
        #expect(
            figures.map(\.name) == [
                "gap p50, 2 streams alone", "gap max beside 960 tokens", "first token 960 beside 2 streams",
            ])
    }

    @Test func whatMemoryIsWorth() {
        let (cold, warm) = ([Self.timeline(1, [3, 4])], [Self.timeline(2, [2.5, 4])])
        let figures = FirstTokenRow.figures(("cold", "warm"), 512, cold: cold, then: warm)
        #expect(figures.map(\.value) == [2000, 500, 25] && figures.map(\.name) == ["cold", "warm", "warm, of cold"])
        #expect(FirstTokenRow.figures(("", ""), 512, cold: cold, then: []).map(\.value) == [2000, nil, nil])
    }

    @Test func whatADepartureCosts() {
        let experiment = Departure(length: 960)
        let next = Self.timeline(0.25, [0.375, 0.5])
        #expect(experiment.figure(of: [Self.timeline(0, [], end: 0.25), next]).value == 125)
        // A client that has had text did not leave in the middle of its prompt.
        #expect(experiment.figure(of: [Self.timeline(0, [0.125], end: 0.25), next]).value == nil)
    }

    /// The slow reader pauses from 3 to 9; others then have gaps of at most 2 s, and had gaps of 1 s.
    @Test func whatASlowReaderCosts() {
        let timelines = [
            Self.timeline(0, [1, 2, 3, 4, 5, 7, 8, 10, 20]), Self.timeline(0, [1, 2, 3, 9, 9.25]),
        ]
        #expect(SlowReader(streams: 1).figures(of: timelines).map(\.value) == [1000, 2000])
    }

    @Test func whatTheWayCostsBesideABareLoop() {
        let time = Instruments.BareLoopTime(total: .milliseconds(800), sampling: .milliseconds(40))
        let figures = LoopCost(length: 100).figures(of: Self.timeline(1, [1.5, 2], end: 2), beside: time)
        #expect(figures.map { ($0.value ?? 0).rounded() } == [100, 125, 80, 2000, 400])
    }

    @Test func whatIsImpossibleIsLeftOut() {
        var scope = Scope()
        (scope.depths, scope.promptLengths) = ([0, 4096], [512])
        var experiments = scope.experiments(Topic.allCases)
        #expect(experiments.needs.streams == 4 && experiments.needs.contextLength == 4096 + 513)
        let omissions = experiments.removeImpossible(contextLength: 1024, isLocal: false)
        #expect(
            experiments.map(\.topic) == [
                .prompt, .decode, .firstToken, .gaps, .streams, .streams, .memory, .intruder, .cancel, .slowReader,
            ])
        #expect(omissions.map(\.topic) == [.prompt, .decode, .restart, .loop, .sampler, .chunks])
        #expect(
            omissions[0].reason == "pp512 @ d4096: it takes 4609 tokens, and the context has 1024.", "\(omissions[0])")
        experiments = scope.experiments(Topic.allCases)
        #expect(experiments.removeImpossible(contextLength: nil, isLocal: true) == [])
    }

    /// What the experiments of a topic find on a provider that answers anything.
    private static func figures(of topic: Topic, round: Int) async throws -> [Figure] {
        var scope = Scope()
        (scope.answerLength, scope.longPrompt) = (8, 64)
        let provider = ScriptedProvider(answering: (0..<48).map { "\($0)" })
        let instruments = Instruments(
            bareLoop: { _, _ in Instruments.BareLoopTime(total: .seconds(1), sampling: .zero) },
            measureRoofline: { _ throws(GenerationError) in throw GenerationError(.engineFailed, "Not here.") },
            makeSampling: { { _ in } }, makeEncoding: { { _ in } })
        let side = Side(name: "a", model: Side.Model(name: "a"))
        let contender = Contender(side, provider: provider, instruments: instruments, processIdentifier: getpid()) {
            _ in Contender.Opened(provider: provider, shutDown: {})
        }
        var figures: [Figure] = []
        for experiment in scope.experiments([topic]) {
            let occasion = Occasion(
                round: round, prompts: Prompts(Manner(.tokens), seed: round), clock: HeldProvider().clock)
            figures += try await experiment.turn(on: contender, occasion).figures
        }
        return figures
    }

    /// Every experiment carries itself out on a provider that answers anything, and has the same rows each time.
    @Test(arguments: Topic.allCases) func anExperimentHasItsRows(topic: Topic) async throws {
        let rounds = [try await Self.figures(of: topic, round: 0), try await Self.figures(of: topic, round: 1)]
        #expect(rounds[0].map(\.name) == rounds[1].map(\.name) && !rounds[0].isEmpty)
        #expect(rounds.joined().allSatisfy { ($0.value == nil) != ($0.remark == nil) })
    }

    /// A reader finds a row by its name.
    @Test func noTwoRowsHaveOneName() async throws {
        var names: [String] = []
        for topic in Topic.allCases { names += try await Self.figures(of: topic, round: 0).map(\.name) }
        #expect(Set(names).count == names.count, "\(names)")
    }
}
