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
        return Turn([
            FirstTokenRow.figure("\(title) cold", length, of: runs[0]),
            FirstTokenRow.figure("\(title) warm", length, of: runs[1]),
        ])
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
        guard let instruments = contender.instruments else { return Turn([]) }
        var prompts = occasion.prompts
        let beginning = prompts.next(length)
        let again = beginning + prompts.next(8)
        let folder = try TemporaryFolder()
        _ = try await ask(prompts.prompt(beginning), instruments, folder, occasion)
        let timelines = try await ask(prompts.prompt(again), instruments, folder, occasion)
        return Turn([FirstTokenRow.figure(title, length, of: timelines)])
    }

    /// One life of the program.
    private func ask(
        _ prompt: Prompt, _ instruments: Instruments, _ folder: TemporaryFolder, _ occasion: Occasion
    ) async throws(GenerationError) -> [Timeline] {
        let opened = try await instruments.reopen(folder.path)
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
enum FirstTokenRow {
    /// A request for an answer of two tokens: the first may be a part of a character.
    static func ask(_ prompt: Prompt) -> Workload {
        Workload([Workload.Planned("prompt", prompt: prompt, answerLength: 2)])
    }

    /// The wait of the last of some requests.
    static func figure(_ name: String, _ length: Int, of timelines: [Timeline]) -> Figure {
        Figure(
            name, Measurement.Parameters(promptLength: length), in: .milliseconds,
            timelines.last?.firstPiece.map { 1000 * $0 }, or: "No text came.")
    }
}
