import Freshet
import FreshetTestSupport
import Testing

@testable import FreshetLlama

/// A whole search on a tiny model, in runs too short to mean anything: what it finds is the machine's affair.
struct TunerTests {
    private static func request(_ path: String) -> Tuner.Request {
        var request = Tuner.Request(modelPath: path)
        (request.processorCount, request.moment, request.isQuick) = (1, 0.001, true)
        return request
    }

    @Test func everyQuestionIsAnswered() async throws {
        let file = try await SyntheticModelFile.make("tiny-llama", threads: 1)
        let search = try await Tuner.search(Self.request(file.path), shouldStop: { false }, progress: { _ in })
        let subjects = search.findings.map(\.subject)
        #expect(search.step == nil && subjects.contains("no repacking"))
        for finding in search.findings where finding.remark == nil { #expect(!finding.ratios.isEmpty) }
        #expect((search.gains != nil) == (search.best != search.start))
        var options = LlamaOptions(modelPath: file.path)
        search.changes.apply(to: &options)
        try options.validate()
    }

    @Test func aSearchCanBeStopped() async {
        let error = await #expect(throws: GenerationError.self) {
            try await Tuner.search(Self.request(EmbeddedModel.path), shouldStop: { true }, progress: { _ in })
        }
        #expect(error?.code == .cancelled)
    }

    @Test func whatIsNoModelIsRefused() async {
        let error = await #expect(throws: GenerationError.self) {
            try await Tuner.search(.init(modelPath: "/nowhere.gguf"), shouldStop: { false }, progress: { _ in })
        }
        #expect(error?.code == .modelNotFound)
    }
}
