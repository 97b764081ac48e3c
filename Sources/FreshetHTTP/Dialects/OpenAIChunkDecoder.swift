package import Freshet

/// Reads the events of one stream of an OpenAI-compatible server as chunks that obey ``ChunkGrammar``: the inverse of
/// ``OpenAIChunkEncoder``, for conversations and for plain completions.
///
/// Providers differ, and the chunks do not: the role comes once and first, empty pieces are gone, one event with
/// several things in it becomes several chunks (role, progress, reasoning, text, refusal, tool calls,
/// log-probabilities, finish), and the end comes last, with the usage wherever that stood. `id`, `created` and `model`
/// are the first that say something; a provider that changes them later is not followed. What has no place in a chunk
/// is in its metadata: an event that gave no chunk leaves it to the next. A finish reason that had to be translated
/// stands there as `native_finish_reason`, and a stream that never said its usage ends with zero tokens and `"usage":
/// null`.
///
/// ```swift
/// var decoder = OpenAIChunkDecoder()
/// for event in events { chunks += try decoder.decode(event.data) }
/// chunks += try decoder.finish()
/// ```
package struct OpenAIChunkDecoder: Sendable {
    /// The most bytes of events that may go by without a chunk, where something of them must be kept.
    package static let heldLimit = 4 << 20

    /// Whether the stream has ended; what comes after is passed over.
    package private(set) var isEnded = false
    private let keepsRaw: Bool
    private let choiceCount: Int
    private var identity = (id: "", created: 0, model: "")
    private var choices: [Int: OpenAIChoiceDecoder] = [:]
    private var usage: Usage?
    private var timings: Timings?
    private var held = Metadata()
    private var heldCount = 0
    private var hasEmitted = false

    /// A decoder for one stream.
    ///
    /// - Parameters:
    ///   - keepsRaw: whether the chunks' metadata has the events' bytes; those of several events stand on lines of
    ///     their own.
    ///   - choiceCount: how many choices were asked for. One after the other, the first may have finished long before a
    ///     connection is cut. A provider that sends `[DONE]` after fewer is taken at its word.
    package init(keepsRaw: Bool = false, choiceCount: Int = 1) {
        self.keepsRaw = keepsRaw
        self.choiceCount = choiceCount
    }

    /// Reads one event's data.
    ///
    /// - Parameter isComplete: whether the event came whole; one that did not and cannot be read is a cut.
    /// - Returns: its chunks: none, one or several.
    /// - Throws: ``GenerationError``: what the provider reports, ``GenerationError/Code/badResponse`` for what is no
    ///   such stream, ``GenerationError/Code/truncated`` for `[DONE]` before the finish of every choice.
    package mutating func decode(
        _ data: some Collection<UInt8>, isComplete: Bool = true
    ) throws(GenerationError) -> [Chunk] {
        guard !isEnded else { return [] }
        guard !data.starts(with: Self.done) else { return try finish(of: 1) }
        var object = JSONMembers(try Self.object(data, isComplete: isComplete))
        let parts = try takeParts(from: &object)
        try hold(object, data)
        return emit(parts)
    }

    /// Says that no event will follow.
    ///
    /// - Returns: the end, unless it has come with `[DONE]`. Some servers send none.
    /// - Throws: ``GenerationError`` with code ``GenerationError/Code/truncated`` where a choice has not finished.
    package mutating func finish() throws(GenerationError) -> [Chunk] { try finish(of: choiceCount) }

    /// Ends the stream, of which at least so many choices have come.
    private mutating func finish(of least: Int) throws(GenerationError) -> [Chunk] {
        guard !isEnded else { return [] }
        guard choices.count >= least, choices.values.allSatisfy(\.isFinished) else {
            throw GenerationError(.truncated, "The provider's stream stopped before the answer was finished.")
        }
        isEnded = true
        if usage == nil { held.remainder = held.remainder.merging(["usage": .null]) }
        return emit([
            OpenAIChoiceDecoder.Part(
                index: 0, content: .end(usage ?? Usage(promptTokens: 0, completionTokens: 0), timings))
        ])
    }

    private static let done = Array("[DONE]".utf8)

    private static func object(
        _ data: some Collection<UInt8>, isComplete: Bool
    ) throws(GenerationError) -> [String: JSONValue] {
        let value: JSONValue
        do {
            value = try JSONValue(json: data)
        } catch {
            throw isComplete
                ? GenerationError(.badResponse, "The provider sent something that is not JSON.", cause: error.message)
                : GenerationError(.truncated, "The provider's stream stopped in the middle of an event.")
        }
        if let error = OpenAIErrorObject.error(in: value) { throw error }
        guard case .object(let members) = value else {
            throw GenerationError(.badResponse, "The provider sent JSON that is no answer.")
        }
        return members
    }

    /// Takes everything known out of an event's object.
    private mutating func takeParts(
        from object: inout JSONMembers
    ) throws(GenerationError) -> [OpenAIChoiceDecoder.Part] {
        takeIdentity(from: &object)
        if let (timings, usage) = object.takeTimings() {
            self.timings = timings
            if self.usage == nil { self.usage = usage }
        }
        usage = object.takeUsage() ?? usage
        // Late progress is none.
        let isLate = choices[object.firstChoiceIndex].map { $0.hasContent || $0.isFinished } ?? false
        let progress = isLate ? nil : object.takeProgress()
        var parts: [OpenAIChoiceDecoder.Part] = []
        var isReported = false
        try object.items("choices") { place, members throws(GenerationError) in
            let index = members.take("index", \.whole) ?? place
            guard 0..<GenerationRequest.choiceLimit ~= index else {
                throw GenerationError(
                    .badResponse, "The provider sent a choice beyond the \(GenerationRequest.choiceLimit) allowed.")
            }
            var choice = choices[index] ?? OpenAIChoiceDecoder(index: index)
            parts += try choice.takeParts(from: &members, progress: isReported ? nil : progress)
            isReported = true
            if choice.hasBegun { choices[index] = choice }
        }
        if let progress, !isReported {
            parts.append(OpenAIChoiceDecoder.Part(index: 0, content: .progress(progress)))
        }
        return parts
    }

    /// The first values that say something, up to the first chunk.
    private mutating func takeIdentity(from object: inout JSONMembers) {
        object.drop("object")
        object.drop("obfuscation")
        let (id, created, model) = (object.string("id"), object.take("created", \.whole), object.string("model"))
        guard !hasEmitted else { return }
        if identity.id.isEmpty, let id { identity.id = id }
        if identity.created == 0, let created { identity.created = created }
        if identity.model.isEmpty, let model { identity.model = model }
    }

    /// Keeps what an event has left for the next chunk.
    private mutating func hold(_ object: JSONMembers, _ data: some Collection<UInt8>) throws(GenerationError) {
        if keepsRaw { held.raw = held.raw.map { $0 + [UInt8(ascii: "\n")] + data } ?? Array(data) }
        if !object.rest.isEmpty { held.remainder = held.remainder.merging(.object(object.rest)) }
        guard keepsRaw || !object.rest.isEmpty else { return }
        heldCount += data.count
        guard heldCount <= Self.heldLimit else {
            throw GenerationError(.badResponse, "The provider sent \(heldCount) bytes that hold no part of an answer.")
        }
    }

    private mutating func emit(_ parts: [OpenAIChoiceDecoder.Part]) -> [Chunk] {
        // A role that nobody sent has nothing of the event.
        guard let first = parts.firstIndex(where: { !$0.isSupplied }) else { return [] }
        hasEmitted = true
        let metadata = held == Metadata() ? nil : held
        (held, heldCount) = (Metadata(), 0)
        return parts.enumerated().map { place, part in
            Chunk(
                id: identity.id, created: identity.created, model: identity.model, index: part.index,
                content: part.content, metadata: place == first ? metadata : nil)
        }
    }
}
