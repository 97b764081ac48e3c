package import Freshet

/// What is asked of one provider, and when: a value, which ``LoadGenerator`` carries out.
///
/// ```swift
/// var workload = Workload([.init("stream 1", prompt: short, answerLength: 1000, leaving: .withOthers(pieces: 2))])
/// workload.requests.append(.init("intruder", prompt: long, answerLength: 4, start: .afterPieces(24)))
/// ```
package struct Workload: Sendable, Hashable {
    /// The requests. One that waits for others waits for those before it in this list.
    package var requests: [Planned]

    /// A workload.
    package init(_ requests: [Planned]) { self.requests = requests }

    /// One request of it.
    package struct Planned: Sendable, Hashable {
        /// What it is called in its ``Timeline``.
        package var label: String
        /// What is sent.
        package var request: GenerationRequest
        /// When it is sent.
        package var start: Start
        /// When its reader leaves.
        package var leaving: Leaving
        /// A pause of its reader.
        package var pause: Pause?

        /// A request for an answer of exactly `answerLength` tokens, if the provider can go on where the model would
        /// end, drawn in the same way each time with the sampling that llama.cpp's programs have by default.
        package init(
            _ label: String, prompt: Prompt, answerLength: Int, start: Start = .atOnce, leaving: Leaving = .never,
            pause: Pause? = nil
        ) {
            self.label = label
            self.start = start
            self.leaving = leaving
            self.pause = pause
            request = GenerationRequest(prompt: prompt, maxTokens: answerLength)
            (request.sampling.ignoresEndOfGeneration, request.sampling.seed) = (true, 1)
        }
    }

    /// When a request is sent.
    package enum Start: Sendable, Hashable {
        /// When the workload begins.
        case atOnce
        /// When each request before it has given so many pieces of text, or has ended.
        case afterPieces(Int)
        /// When each request before it has ended.
        case afterAll
    }

    /// When a reader leaves, beside at its answer's end.
    package enum Leaving: Sendable, Hashable {
        /// It reads to the end.
        case never
        /// So long after the request was sent, whatever has come.
        case after(Duration)
        /// When all those that stay by themselves have ended, and so many pieces more have come.
        case withOthers(pieces: Int)
    }

    /// A reader that stops reading for a while.
    package struct Pause: Sendable, Hashable {
        /// The piece after which it pauses.
        package var piece: Int
        /// How long.
        package var duration: Duration

        /// A pause.
        package init(afterPiece piece: Int, for duration: Duration) {
            self.piece = piece
            self.duration = duration
        }
    }
}
