package import Freshet
package import FreshetLlama
import FreshetLlamaTestSupport

/// A model to which its answers are dictated: everything is computed as it is for any answer, but of the logits that the
/// sampler sees one is raised beyond all others. Only the draw is forced.
///
/// A dictation is told by its first token, which no other has, or else by the last few tokens of a sequence that begins
/// somewhere within it. Every token's text is one letter, so that each makes a chunk. What holds nothing of a dictation is
/// left to the model.
package final class DictatedBackend: BackendWrapper {
    package let base: any Backend
    /// By their first token: whole sequences, prompt and answer.
    private let dictations: [Token: [Token]]
    /// By a dictation's first token: tokens that are raised even further, by their position.
    private let slips: [Token: [Int: Token]]
    /// What each sequence holds.
    private var held: [Int32: [Token]] = [:]
    /// Of the last batch's tokens, what comes next, and what is liked better.
    private var next: [(dictated: Token?, slip: Token?)] = []
    /// The row that was asked for last, with its dictated token raised.
    private var row: UnsafeMutableBufferPointer<Float>?

    /// Makes a backend around another.
    ///
    /// - Parameters:
    ///   - base: what computes.
    ///   - dictations: whole sequences, prompt and answer, no two of which begin alike.
    ///   - slips: by a dictation's first token and a position in it, a token that the model likes even better there. It is
    ///     drawn unless something refuses it, and what is dictated after it is as it would have been.
    package init(_ base: any Backend, _ dictations: [[Token]], slips: [Token: [Int: Token]] = [:]) {
        (self.base, self.slips) = (base, slips)
        self.dictations = Dictionary(dictations.map { ($0[0], $0) }) { first, _ in first }
    }

    deinit { row?.deallocate() }

    package func decode(_ batch: Batch, shouldInterrupt: () -> Bool) throws(GenerationError) -> DecodeOutcome {
        next = []
        for index in 0..<batch.count {
            let (position, sequence) = (Int(batch.positions[index]), batch.sequences[index])
            var tokens = held[sequence, default: []]
            tokens.removeSubrange(min(position, tokens.count)...)
            tokens.append(batch.tokens[index])
            held[sequence] = tokens
            let slip = tokens.first.flatMap { slips[$0]?[position + 1] }
            next.append((batch.outputs[index] == 1 ? following(tokens) : nil, slip))
        }
        return try base.decode(batch, shouldInterrupt: shouldInterrupt)
    }

    /// What is dictated after those tokens, of which some may be guesses.
    private func following(_ tokens: [Token]) -> Token? {
        if let text = tokens.first.flatMap({ dictations[$0] }) {
            return tokens.count < text.count ? text[tokens.count] : nil
        }
        let last = tokens.suffix(8)
        var (token, most) = (Token?.none, 0)
        for text in dictations.values where last.count < text.count {
            for end in last.count..<text.count {
                let agreement = zip(last, text[(end - last.count)..<end]).count { $0 == $1 }
                if agreement > most { (token, most) = (text[end], agreement) }
            }
        }
        return token
    }

    package func logits(at index: Int) -> UnsafeBufferPointer<Float>? {
        guard let logits = base.logits(at: index) else { return nil }
        let row = self.row ?? .allocate(capacity: logits.count)
        self.row = row
        _ = row.update(from: logits)
        if let token = next[index].dictated { row[Int(token)] += 1e4 }
        if let token = next[index].slip { row[Int(token)] += 2e4 }
        return UnsafeBufferPointer(row)
    }

    package func append(bytesOf token: Token, showingControl: Bool, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "x"))
    }
}
