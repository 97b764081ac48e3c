internal import Freshet

/// Log-probabilities on their way to the reader: a token's stand in line until all text that its bytes are part of has
/// been written, so that they never tell more than the text does.
///
/// At any moment those that have left the line are of the tokens that made the text so far. Of what a stop sequence
/// cuts off, none leaves.
///
/// ```swift
/// line.add(entry, byteCount: 2, decoded: 0, isHolding: true)   // half of a character
/// line.release(written: 0)                                     // []
/// ```
struct LogProbabilityLine {
    private struct Entry {
        var content: TokenLogProbability
        /// Where its bytes stand among all bytes of all tokens.
        var bytes: Range<Int>
        /// How many bytes of text must be written before all of its own are.
        var textEnd: Int
    }

    private var entries: [Entry] = []
    private var byteCount = 0

    /// Lets a token's stand in line.
    ///
    /// - Parameters:
    ///   - byteCount: the token's bytes.
    ///   - decoded: the UTF-8 bytes of text that all tokens up to it have given, written or not.
    ///   - isHolding: whether the token ends inside a character, of which no byte is among the decoded ones.
    mutating func add(_ content: TokenLogProbability, byteCount: Int, decoded: Int, isHolding: Bool) {
        let start = self.byteCount
        self.byteCount += byteCount
        // Whatever becomes of the character, it is known once there is text beyond what was decoded.
        entries.append(
            Entry(content: content, bytes: start..<self.byteCount, textEnd: isHolding ? decoded + 1 : decoded))
    }

    /// Takes out those whose text is written.
    ///
    /// - Parameter written: the UTF-8 bytes of text that the reader has.
    mutating func release(written: Int) -> [TokenLogProbability] {
        let count = entries.firstIndex { $0.textEnd > written } ?? entries.count
        return take(count)
    }

    /// Takes out the rest of an answer that is complete.
    ///
    /// - Parameter length: how many bytes of the tokens are in the answer, as text or as undecodable ones, where a stop
    ///   sequence has cut the others off; `nil` where all are.
    mutating func finish(cutAt length: Int?) -> [TokenLogProbability] {
        let count = length.flatMap { length in
            entries.firstIndex { $0.bytes.lowerBound >= length && $0.bytes.upperBound > length }
        }
        defer { entries = [] }
        return take(count ?? entries.count)
    }

    private mutating func take(_ count: Int) -> [TokenLogProbability] {
        guard count > 0 else { return [] }
        defer { entries.removeFirst(count) }
        return entries.prefix(count).map(\.content)
    }
}
