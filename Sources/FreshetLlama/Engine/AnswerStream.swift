internal import Foundation
package import Freshet

/// Learns of each token on the engine's thread, with a way to ask for the log-probability that any had in its place.
package typealias TokenWatch = @Sendable (Token, (Token) -> Float) -> Void

/// The stream of one request's answers, as the engine writes it: its identity, its deadlines, and what its choices have
/// in common.
final class AnswerStream: @unchecked Sendable {
    // Sendable: whoever makes it hands it over with its submission, and from then on its variables are read and written
    // on the engine's thread only. The constants are Sendable.

    /// The request's number in the queue; it is never used again.
    let ticket: UInt64
    /// The stream's writing end.
    let writer: ChunkStream.Writer
    /// The engine's clock.
    let now: @Sendable () -> ContinuousClock.Instant
    let submittedAt: ContinuousClock.Instant

    private let id = "chatcmpl-" + String(UInt64.random(in: .min ... .max), radix: 36)
    private let created = Int(Date().timeIntervalSince1970)
    private let model: String
    private let deadline: ContinuousClock.Instant?
    private let idleTimeout: Duration?
    private var lastChunkAt: ContinuousClock.Instant
    /// What is told of each token of every choice, with a way to ask how likely any token was in its place.
    private let onToken: TokenWatch?
    /// The answers' manifest as far as they have come, where one was asked for.
    private var manifest: Manifest?
    /// What the first choice's role says beside itself.
    private let note: Metadata?
    private var unfinished: Int
    private var usage: Usage
    private var startedAt: ContinuousClock.Instant?
    private var promptEndedAt: ContinuousClock.Instant?
    private var firstTokenAt: ContinuousClock.Instant?
    private var drafts = (computed: 0, accepted: 0)

    /// Whether the next token comes soon, as far as is known: the reader is then woken once in ``Pace/patience``.
    var isNextNear = false
    private var isHolding = false
    private var wokenAt: ContinuousClock.Instant?

    /// A stream that begins now.
    init(
        _ request: GenerationRequest, ticket: UInt64, promptCount: Int, model: String, writer: ChunkStream.Writer,
        manifest: Manifest? = nil, onToken: TokenWatch? = nil,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.ticket = ticket
        self.writer = writer
        self.now = now
        self.model = model
        self.manifest = manifest
        self.onToken = onToken
        submittedAt = now()
        lastChunkAt = submittedAt
        deadline = request.deadline.map { [submittedAt] in submittedAt + $0 }
        idleTimeout = request.idleTimeout
        note =
            request.isReproducible
            ? request.sampling.seed.map { Metadata(remainder: .object(["seed": .integer(Int128($0))])) } : nil
        unfinished = request.choiceCount
        usage = Usage(promptTokens: promptCount, completionTokens: 0, cachedTokens: 0)
    }

    /// When the stream fails unless something happens before.
    var expiry: ContinuousClock.Instant? {
        guard let idleTimeout else { return deadline }
        let silence = lastChunkAt + idleTimeout
        return deadline.map { min($0, silence) } ?? silence
    }

    /// Why the stream has taken too long, if it has. The clock is read only where there is a limit.
    func timeout() -> GenerationError? {
        guard let expiry, now() >= expiry else { return nil }
        return GenerationError(
            .deadlineExceeded,
            expiry == deadline
                ? "The request's deadline passed before the answer was complete."
                : "The stream was silent for longer than the request's idle timeout.")
    }

    /// Gives the reader a chunk.
    func write(_ content: Chunk.Content, choice: Int, metadata: Metadata? = nil) {
        if idleTimeout != nil { lastChunkAt = now() }
        let chunk = Chunk(id: id, created: created, model: model, index: choice, content: content, metadata: metadata)
        isHolding = mayWait(content)
        if isHolding { writer.writePatiently(chunk) } else { writer.write(chunk) }
    }

    /// Whether the reader may get this together with what comes next.
    private func mayWait(_ content: Chunk.Content) -> Bool {
        guard isNextNear, case .text = content else { return false }
        let time = now()
        if let wokenAt, time - wokenAt < Pace.patience { return true }
        wokenAt = time
        return false
    }

    /// Wakes the reader where there is something for it.
    func wakeReader() {
        guard isHolding else { return }
        isHolding = false
        writer.wake()
    }

    /// Says that a choice begins, with so much of the prompt in memory. What counts for the prompt is the first one's:
    /// the others take it from there.
    func begin(choice: Int, cached: Int) {
        write(.role(.assistant), choice: choice, metadata: choice == 0 ? note : nil)
        guard choice == 0 else { return }
        startedAt = now()
        usage.cachedTokens = cached
    }

    /// Says that a choice's prompt is computed.
    func endPrompt() { if promptEndedAt == nil { promptEndedAt = now() } }

    /// Says that a choice has a token.
    ///
    /// - Parameter logProbability: how likely a token was in its place; asked only where that is of interest.
    func take(_ token: Token, choice: Int, logProbability: (Token) -> Float) {
        manifest?.answers[choice].tokens.append(token)
        manifest?.answers[choice].logProbabilities.append(logProbability(token))
        onToken?(token, logProbability)
        if firstTokenAt == nil { firstTokenAt = now() }
        usage.completionTokens += 1
    }

    /// Says that a batch has computed so many drafted tokens of a choice.
    func countDrafted(_ tokens: Int) { drafts.computed += tokens }

    /// Says that one of them was drawn.
    func countAccepted() { drafts.accepted += 1 }

    /// Says that the token was one of the model's reasoning.
    func countThought() { usage.reasoningTokens += 1 }

    /// Ends a choice, and with the last one the stream.
    func finish(_ finish: Finish, choice: Int) {
        unfinished -= 1
        let note = unfinished == 0 ? manifest.map { Metadata(remainder: .object(["manifest": $0.json])) } : nil
        write(.finish(finish), choice: choice, metadata: note)
        guard unfinished == 0 else { return }
        let end = now()
        let start = startedAt ?? submittedAt
        let promptEnd = promptEndedAt ?? end
        let timings = Timings(
            prompt: promptEnd - start, decode: end - promptEnd, firstToken: firstTokenAt.map { $0 - submittedAt },
            draftedTokens: drafts.computed, acceptedTokens: drafts.accepted)
        write(.end(usage, timings), choice: 0)
    }
}
