import Freshet
import FreshetBench

/// The return to a prompt after eight others: cold, then with a little more at its end.
struct PrefixReturn: Experiment {
    private let length: Int

    /// A prompt of that many tokens.
    init(length: Int) { self.length = length }

    var topic: Topic { .firstToken }
    var title: String { "first token \(length)" }
    var needs: Needs {
        Needs(streams: 8, contextLength: length + 16, promptTokens: length + 1600, answerTokens: 130)
    }

    func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        var prompts = occasion.prompts
        let beginning = prompts.next(length)
        let others = (1...8).map { number in
            let content = prompts.next(200)
            return Workload.Planned("other \(number)", prompt: prompts.prompt(content), answerLength: 16)
        }
        let again = beginning + prompts.next(8)
        let generator = LoadGenerator(contender.provider, clock: occasion.clock)
        let cold = try await generator.run(FirstTokenRow.ask(prompts.prompt(beginning)))
        _ = try await generator.run(Workload(others))
        let back = try await generator.run(FirstTokenRow.ask(prompts.prompt(again)))
        let names = (cold: "\(title) cold", then: "\(title) after 8 others")
        return Turn(FirstTokenRow.figures(names, length, cold: cold, then: back))
    }
}
