package import Freshet

/// The wait for a prompt's first token: when nothing of it is in memory, and when all but its last few tokens are, as in
/// the next turn of a conversation.
package struct FirstToken: Experiment {
    private let length: Int

    /// A prompt of that many tokens.
    package init(length: Int) { self.length = length }

    package var topic: Topic { .firstToken }
    package var title: String { "first token \(length)" }
    package var needs: Needs {
        Needs(streams: 1, contextLength: length + 10, promptTokens: length + 8, answerTokens: 4)
    }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        var prompts = occasion.prompts
        let beginning = prompts.next(length)
        let again = beginning + prompts.next(8)
        let runs = try await run(
            FirstTokenRow.ask(prompts.prompt(beginning)), FirstTokenRow.ask(prompts.prompt(again)), on: contender,
            occasion)
        let names = (cold: "\(title) cold", then: "\(title) warm")
        return Turn(FirstTokenRow.figures(names, length, cold: runs[0], then: runs[1]))
    }
}

/// The same after the program was started anew, with a folder in which computed prompts are kept.
package struct Restart: Experiment {
    private let length: Int

    /// A prompt of that many tokens.
    package init(length: Int) { self.length = length }

    package var topic: Topic { .restart }
    package var title: String { "first token \(length) after a restart" }
    package var needs: Needs {
        Needs(streams: 1, contextLength: length + 10, promptTokens: length + 8, answerTokens: 4, isLocal: true)
    }

    package func turn(on contender: Contender, _ occasion: Occasion) async throws(GenerationError) -> Turn {
        guard let reopen = contender.reopen else { return Turn([]) }
        var prompts = occasion.prompts
        let beginning = prompts.next(length)
        let again = beginning + prompts.next(8)
        let folder = try TemporaryFolder()
        let cold = try await ask(prompts.prompt(beginning), reopen, folder, occasion)
        let then = try await ask(prompts.prompt(again), reopen, folder, occasion)
        let names = (cold: "first token \(length) before a restart", then: title)
        return Turn(FirstTokenRow.figures(names, length, cold: cold, then: then))
    }

    /// One life of the program.
    private func ask(
        _ prompt: Prompt, _ reopen: Contender.Reopening, _ folder: TemporaryFolder, _ occasion: Occasion
    ) async throws(GenerationError) -> [Timeline] {
        let opened = try await reopen(folder.path)
        let result: Result<[Timeline], GenerationError>
        do throws(GenerationError) {
            let generator = LoadGenerator(opened.provider, clock: occasion.clock)
            result = .success(try await generator.run(FirstTokenRow.ask(prompt)))
        } catch {
            result = .failure(error)
        }
        await opened.shutDown()
        return try result.get()
    }
}

/// What waits for first tokens have in common.
package enum FirstTokenRow {
    /// A request for an answer of two tokens: the first may be a part of a character.
    package static func ask(_ prompt: Prompt) -> Workload {
        Workload([Workload.Planned("prompt", prompt: prompt, answerLength: 2)])
    }

    /// The wait of a prompt of which nothing was in memory, that of one that begins with it, and what part of the first
    /// that is.
    ///
    /// - Parameters:
    ///   - names: the names of the first two rows.
    ///   - length: tokens of the prompts.
    package static func figures(
        _ names: (cold: String, then: String), _ length: Int, cold: [Timeline], then: [Timeline]
    ) -> [Figure] {
        let parameters = Measurement.Parameters(promptLength: length)
        let (before, after) = (cold.last?.firstPiece, then.last?.firstPiece)
        let share = before.flatMap { before in after.map { 100 * $0 / before } }
        return [
            Figure(names.cold, parameters, in: .milliseconds, before.map { 1000 * $0 }, or: "No text came."),
            Figure(names.then, parameters, in: .milliseconds, after.map { 1000 * $0 }, or: "No text came."),
            Figure("\(names.then), of cold", parameters, in: .percent, share, or: "No text came."),
        ]
    }
}
