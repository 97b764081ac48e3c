import Freshet
import FreshetHTTP

/// Asks one server for answers to prompts of known lengths, and takes the time.
struct StreamClient: Sendable {
    /// What became of a request.
    struct Answer: Sendable {
        /// When it was sent.
        var start: ContinuousClock.Instant
        /// When each piece of text came.
        var pieces: [ContinuousClock.Instant]
        /// What it took, by the server's count.
        var usage: Usage?

        /// From the request to the first piece of text, in milliseconds.
        var firstToken: Double { pieces.first.map { ($0 - start).milliseconds } ?? .nan }
    }

    private let provider: RemoteProvider

    /// A client of a server.
    init(_ provider: RemoteProvider) { self.provider = provider }

    /// Asks for exactly that many tokens after a prompt, with the sampling that both servers do by default.
    ///
    /// - Parameter log: gets each piece's time as it comes.
    func ask(_ prompt: [Token], tokens count: Int, log: PieceLog? = nil) async throws -> Answer {
        var sampling = SamplingOptions()
        (sampling.ignoresEndOfGeneration, sampling.seed) = (true, 1)
        let request = GenerationRequest(prompt: .tokens(prompt), sampling: sampling, maxTokens: count)
        var answer = Answer(start: .now, pieces: [])
        for try await chunk in try await provider.stream(request) {
            if chunk.text != nil {
                let time = ContinuousClock.now
                answer.pieces.append(time)
                log?.append(time)
            }
            if case .end(let usage, _) = chunk.content { answer.usage = usage }
        }
        return answer
    }
}

/// When the pieces of a running answer came.
final class PieceLog: @unchecked Sendable {
    // Sendable: what changes is read and written under `monitor` only.
    private let monitor = Monitor()
    private var times: [ContinuousClock.Instant] = []
    private var hasEnded = false

    /// Notes a piece.
    func append(_ time: ContinuousClock.Instant) { monitor.withLock { times.append(time) } }

    /// The pieces so far.
    var pieces: [ContinuousClock.Instant] { monitor.withLock { times } }

    /// Notes that no more will come.
    func end() { monitor.withLock { hasEnded = true } }

    /// Returns once that many pieces have come.
    ///
    /// - Throws: `GenerationError` when the answer has ended before.
    func wait(for count: Int) async throws {
        while pieces.count < count {
            guard !monitor.withLock({ hasEnded }) else {
                throw GenerationError(.truncated, "A stream that was to run on has ended.")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension Duration {
    /// In milliseconds.
    var milliseconds: Double { self / .milliseconds(1) }
}
