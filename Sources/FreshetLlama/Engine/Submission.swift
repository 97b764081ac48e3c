internal import Foundation
internal import Freshet

/// A request on its way to a slot: checked, tokenised, and with the stream that its answer goes to.
struct Submission: Sendable {
    /// What all chunks of the stream have in common.
    struct Identity: Sendable {
        let id: String
        let created: Int
        let model: String

        /// A new stream of a model, begun now.
        init(model: String) {
            id = "chatcmpl-" + String(UInt64.random(in: .min ... .max), radix: 36)
            created = Int(Date().timeIntervalSince1970)
            self.model = model
        }

        func chunk(_ content: Chunk.Content) -> Chunk {
            Chunk(id: id, created: created, model: model, content: content)
        }
    }

    var identity: Identity
    var request: GenerationRequest
    /// The prompt; never empty.
    var tokens: [Token]
    var writer: ChunkStream.Writer
    var submittedAt: ContinuousClock.Instant

    /// When the stream must have ended.
    var deadline: ContinuousClock.Instant? { request.deadline.map { submittedAt + $0 } }

    /// Whether the deadline has come. The clock is read only where there is one.
    func isExpired(at now: @autoclosure () -> ContinuousClock.Instant) -> Bool {
        deadline.map { now() >= $0 } ?? false
    }
}
