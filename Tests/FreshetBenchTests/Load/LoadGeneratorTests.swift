import Freshet
import FreshetBench
import FreshetTestSupport
import Testing

/// Workloads on a clock that the test holds, with times that are known beforehand.
@Suite(.timeLimit(.minutes(10))) struct LoadGeneratorTests {
    private static func planned(
        _ label: String, start: Workload.Start = .atOnce, leaving: Workload.Leaving = .never,
        pause: Workload.Pause? = nil
    ) -> Workload.Planned {
        Workload.Planned(
            label, prompt: .tokens([300]), answerLength: 8, start: start, leaving: leaving, pause: pause)
    }

    /// A stream runs; a second request is sent after two of its pieces, and when that is over, the first reader leaves
    /// after two pieces more.
    @Test func requestsWaitForOneAnother() async throws {
        let provider = HeldProvider()
        let workload = Workload([
            Self.planned("runner", leaving: .withOthers(pieces: 2)), Self.planned("intruder", start: .afterPieces(2)),
        ])
        async let timelines = LoadGenerator(provider, clock: provider.clock).run(workload)
        // The beginning, and the first request.
        try await provider.wait(forReadings: 2)
        try await provider.write("a", to: 0)
        try await provider.wait(forReadings: 3)
        try await provider.write("b", to: 0)
        // The piece, and the second request.
        try await provider.wait(forReadings: 5)
        try await provider.write("c", to: 0)
        try await provider.wait(forReadings: 6)
        try await provider.write("x", to: 1, after: 2)
        try await provider.wait(forReadings: 7)
        try await provider.end(1, Usage(promptTokens: 7, completionTokens: 3, cachedTokens: 5))
        try await provider.wait(forReadings: 8)
        try await provider.write("d", to: 0)
        try await provider.wait(forReadings: 9)
        #expect(try await !provider.hasLeft(0))
        try await provider.write("e", to: 0)

        var runner = Timeline(label: "runner", start: 0, pieces: [1, 2, 3, 6, 7], end: 7)
        var intruder = Timeline(label: "intruder", start: 2, pieces: [5], end: 5)
        (intruder.promptTokens, intruder.answerTokens, intruder.cachedTokens) = (7, 3, 5)
        let found = try await timelines
        #expect(found == [runner, intruder])
        #expect(try await provider.hasLeft(0))
        runner.end = 8
        #expect(found[0] != runner)
    }

    @Test func aRequestWaitsForTheEndOfOthers() async throws {
        let provider = HeldProvider()
        let workload = Workload([Self.planned("first"), Self.planned("second", start: .afterAll)])
        async let timelines = LoadGenerator(provider, clock: provider.clock).run(workload)
        try await provider.wait(forReadings: 2)
        try await provider.write("a", to: 0, after: 4)
        try await provider.wait(forReadings: 3)
        // Counts of zero are those of a provider that does not count.
        try await provider.end(0, Usage(promptTokens: 0, completionTokens: 0))
        try await provider.wait(forReadings: 5)
        try await provider.write("b", to: 1)
        try await provider.end(1, Usage(promptTokens: 1, completionTokens: 1))
        let found = try await timelines
        #expect(found.map(\.start) == [0, 4] && found.map(\.pieces) == [[4], [5]] && found.map(\.end) == [4, 5])
        #expect(found[0].promptTokens == nil && found[0].answerTokens == nil && found[0].cachedTokens == nil)
        #expect(found[1].promptTokens == 1 && found[1].cachedTokens == 0)
    }

    /// Whoever sleeps moves the clock, so a pause is all the time that passes.
    @Test func aReaderPauses() async throws {
        let held = HeldProvider()
        let workload = Workload([
            Self.planned("slow", pause: Workload.Pause(afterPiece: 2, for: .seconds(3)))
        ])
        let provider = ScriptedProvider(answering: ["a", "b", "c", "d"])
        let found = try await LoadGenerator(provider, clock: held.clock).run(workload)
        #expect(found[0].pieces == [0, 0, 3, 3] && found[0].end == 3 && found[0].gaps == [0, 3, 0])
    }

    @Test func aReaderLeavesAfterATime() async throws {
        let held = HeldProvider()
        let provider = ScriptedProvider([.write(.role(.assistant)), .stall])
        let workload = Workload([Self.planned("leaves", leaving: .after(.milliseconds(250)))])
        let found = try await LoadGenerator(provider, clock: held.clock).run(workload)
        #expect(found[0].end == 0.25 && found[0].pieces == [] && found[0].promptTokens == nil)
        #expect(provider.record.snapshot.cancelled == 1)
    }

    /// An answer that is over before its reader would leave is whole.
    @Test func anAnswerMayComeBeforeItsReaderLeaves() async throws {
        let provider = ScriptedProvider(answering: ["a", "b"])
        let workload = Workload([Self.planned("leaves", leaving: .after(.seconds(3600)))])
        let found = try await LoadGenerator(provider).run(workload)
        #expect(found[0].answerTokens == 2 && found[0].pieces.count == 2)
    }

    @Test func aFailureEndsTheOthers() async throws {
        let failing = ScriptedProvider([
            .write(.role(.assistant)), .pause, .fail(GenerationError(.engineFailed, "It is broken.")),
        ])
        let workload = Workload([Self.planned("one"), Self.planned("two", start: .afterPieces(5))])
        let error = await #expect(throws: GenerationError.self) {
            try await LoadGenerator(failing).run(workload)
        }
        #expect(error?.code == .engineFailed)
    }

    @Test(arguments: [Workload.Leaving.never, .after(.seconds(3600))])
    func cancellingEndsAll(leaving: Workload.Leaving) async throws {
        let provider = HeldProvider()
        let workload = Workload([
            Self.planned("one", leaving: leaving), Self.planned("two", start: .afterPieces(1)),
            Self.planned("three", start: .afterAll),
        ])
        // A real clock: nobody is to wake who sleeps on it.
        let running = Task { try await LoadGenerator(provider).run(workload) }
        while try await provider.hasLeft(0) {}
        running.cancel()
        let error = await #expect(throws: GenerationError.self) { try await running.value }
        #expect(error?.code == .cancelled)
        #expect(try await provider.hasLeft(0))
    }

    @Test func nothingTakesNoTime() async throws {
        #expect(try await LoadGenerator(ScriptedProvider([])).run(Workload([])) == [])
    }
}
