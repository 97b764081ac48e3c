package import Freshet
package import FreshetLlama
import FreshetLlamaTestSupport

/// A model to which its answers are dictated: everything is computed as it is for any answer, but of the logits that the
/// sampler sees one is raised beyond all others. Only the draw is forced.
///
/// A dictation is told by its first token, which no other has; every token's text is one letter, so that each makes a
/// chunk. What begins with another token is left to the model.
package final class DictatedBackend: BackendWrapper {
    package let base: any Backend
    /// By their first token: whole sequences, prompt and answer.
    private let dictations: [Token: [Token]]
    /// By a dictation's first token: tokens that are raised even further, by their position.
    private let slips: [Token: [Int: Token]]
    /// What each sequence is.
    private var running: [Int32: Token] = [:]
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
            if position == 0 { running[sequence] = batch.tokens[index] }
            let text = running[sequence].flatMap { dictations[$0] } ?? []
            let slip = running[sequence].flatMap { slips[$0]?[position + 1] }
            next.append((position + 1 < text.count ? text[position + 1] : nil, slip))
        }
        return try base.decode(batch, shouldInterrupt: shouldInterrupt)
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
