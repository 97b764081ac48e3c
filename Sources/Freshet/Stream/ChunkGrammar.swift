/// Which chunk may follow which: the first law of the chunk protocol as a state machine.
///
/// A choice is `role? (text | reasoning | refusal | toolCall | logProbabilities)* finish`; progress comes before the
/// choice's first content; `end` comes once, after every begun choice has finished, and nothing follows it. The
/// identity of a stream never changes.
///
/// ```swift
/// var grammar = ChunkGrammar()
/// for chunk in chunks { try grammar.accept(chunk) }
/// try grammar.acceptEnd()
/// ```
public struct ChunkGrammar: Sendable {
    /// A chunk that stands where it must not.
    public struct Violation: Error, Sendable, Hashable, CustomStringConvertible {
        /// What was broken.
        public var description: String
    }

    private enum Choice: Sendable {
        case role, content, finished
    }

    private var identity: (id: String, created: Int, model: String)?
    private var choices: [Int: Choice] = [:]
    private var calls: Set<CallKey> = []
    private var isEnded = false

    private struct CallKey: Hashable {
        var choice: Int
        var call: Int
    }

    /// A grammar that has seen nothing.
    public init() {}

    /// Takes the next chunk.
    ///
    /// - Throws: ``Violation`` when the chunk must not stand here; the state is then as before.
    public mutating func accept(_ chunk: Chunk) throws(Violation) {
        guard !isEnded else { throw Violation(description: "a chunk after the end: \(chunk.content)") }
        if let identity, identity != (chunk.id, chunk.created, chunk.model) {
            throw Violation(description: "id, created or model changed within the stream")
        }
        let state = choices[chunk.index]
        if state == .finished, !chunk.isEnd {
            throw Violation(description: "choice \(chunk.index) goes on after its finish: \(chunk.content)")
        }
        switch chunk.content {
        case .role:
            guard state == nil else {
                throw Violation(description: "the role of choice \(chunk.index) comes late or twice")
            }
            choices[chunk.index] = .role
        case .text(let piece), .reasoning(let piece), .refusal(let piece):
            guard !piece.isEmpty else { throw Violation(description: "an empty piece of text") }
            choices[chunk.index] = .content
        case .toolCall(let fragment):
            let key = CallKey(choice: chunk.index, call: fragment.index)
            let isFirst = !calls.contains(key)
            guard isFirst == (fragment.name != nil), isFirst || fragment.id == nil else {
                throw Violation(description: "id and name stand once, in the first piece of call \(fragment.index)")
            }
            calls.insert(key)
            choices[chunk.index] = .content
        case .logProbabilities:
            choices[chunk.index] = .content
        case .progress(let progress):
            guard state != .content else { throw Violation(description: "prompt progress after the answer began") }
            guard 0 <= progress.cached, progress.cached <= progress.processed, progress.processed <= progress.total
            else {
                throw Violation(description: "prompt progress beyond its bounds: \(progress)")
            }
        case .finish:
            choices[chunk.index] = .finished
        case .end:
            guard !choices.isEmpty, choices.values.allSatisfy({ $0 == .finished }) else {
                throw Violation(description: "the end comes before the finish of every choice")
            }
            isEnded = true
        }
        identity = (chunk.id, chunk.created, chunk.model)
    }

    /// Says that no chunk will follow.
    ///
    /// - Throws: ``Violation`` when the stream has not ended: it was cut off.
    public func acceptEnd() throws(Violation) {
        guard isEnded else { throw Violation(description: "the stream stopped before its end") }
    }
}
