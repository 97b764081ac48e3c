import Freshet

/// Puts the chunks of choices that come side by side into the order in which a person reads them: one choice after the
/// other.
///
/// What belongs to the choice whose turn it is passes at once. What belongs to a later one is held until those before
/// it have finished. That is at most what the limit on tokens, or the context, lets a choice have: `generate` refuses
/// answers that neither of them ends. Whoever takes what passes slowly slows the stream, and with it all choices.
struct ChoiceOrder {
    private var turn = 0
    private var held: [Int: [Chunk]] = [:]

    /// Takes the next chunk of the stream.
    ///
    /// - Returns: the chunks that may be read now, in their order.
    mutating func take(_ chunk: Chunk) -> [Chunk] {
        switch chunk.content {
        case .progress, .end: return [chunk]
        default: break
        }
        guard chunk.index <= turn else {
            held[chunk.index, default: []].append(chunk)
            return []
        }
        var ready = [chunk]
        while let last = ready.last, last.index == turn, case .finish = last.content {
            turn += 1
            ready += held.removeValue(forKey: turn) ?? []
        }
        return ready
    }

    /// Gives out what is still held, choice after choice, because no chunk will come any more.
    mutating func takeRest() -> [Chunk] {
        defer { held = [:] }
        return held.sorted { $0.key < $1.key }.flatMap(\.value)
    }
}
