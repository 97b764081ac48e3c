internal import Freshet

/// The end of an answer whose grammar does not hold yet, in which its triggers are looked for.
struct SleepingGrammar {
    /// A part of the answer that the grammar has to take when it wakes: a token, or the rest of one.
    struct Piece {
        /// The token, where the whole of it is meant.
        var token: Token?
        var text: ArraySlice<UInt8>
    }

    private let texts: [[UInt8]]
    private let tokens: Set<Token>
    private let longest: Int
    /// As many of the last tokens as a trigger that is not complete may lie in.
    private var tail: [Piece] = []

    init(_ triggers: [Grammar.Trigger]) {
        texts = triggers.compactMap { if case .text(let text) = $0 { Array(text.utf8) } else { nil } }
        tokens = Set(triggers.compactMap { if case .token(let token) = $0 { token } else { nil } })
        longest = texts.map(\.count).max() ?? 0
    }

    /// Takes a token that did not wake the grammar.
    mutating func append(_ token: Token, text: ArraySlice<UInt8>) {
        tail.append(Piece(token: token, text: text))
        var (kept, first) = (0, tail.endIndex)
        while first > tail.startIndex, kept < longest - 1 {
            first -= 1
            kept += tail[first].text.count
        }
        tail.removeSubrange(..<first)
    }

    /// What the grammar has to take if this token comes next; `nil` when it sleeps on.
    func waking(_ token: Token, text: ArraySlice<UInt8>) -> [Piece]? {
        if tokens.contains(token) { return [Piece(token: token, text: text)] }
        guard longest > 0, !text.isEmpty else { return nil }
        let pieces = tail + [Piece(token: token, text: text)]
        let bytes = pieces.flatMap(\.text)
        let old = bytes.count - text.count
        // The trigger that begins first counts, among those that end in this token.
        let start = bytes.indices.first { place in
            texts.contains { place + $0.count > old && bytes[place...].starts(with: $0) }
        }
        guard let start else { return nil }
        var (result, end) = ([Piece](), 0)
        for piece in pieces {
            let begin = end
            end += piece.text.count
            guard end > start else { continue }
            result.append(begin >= start ? piece : Piece(token: nil, text: piece.text.dropFirst(start - begin)))
        }
        return result
    }
}
