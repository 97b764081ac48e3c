import Freshet
import FreshetLlama
import FreshetLlamaTestSupport

/// A model to which its answers are dictated: everything is computed as it is for any answer, but of the logits that the
/// sampler sees one is raised beyond all others. Only the draw is forced.
///
/// A dictation is told by its first token, which no other has; every token's text is one letter, so that each makes a
/// chunk.
final class DictatedBackend: BackendWrapper {
    let base: any Backend
    /// By their first token: whole sequences, prompt and answer.
    private let dictations: [Token: [Token]]
    /// What each sequence is.
    private var running: [Int32: [Token]] = [:]
    /// Of the last batch's tokens, what comes next.
    private var next: [Token?] = []
    /// The row that was asked for last, with its dictated token raised.
    private var row: UnsafeMutableBufferPointer<Float>?

    init(_ base: any Backend, _ dictations: [[Token]]) {
        self.base = base
        self.dictations = Dictionary(dictations.map { ($0[0], $0) }) { first, _ in first }
    }

    deinit { row?.deallocate() }

    func decode(_ batch: Batch, shouldInterrupt: () -> Bool) throws(GenerationError) -> DecodeOutcome {
        next = []
        for index in 0..<batch.count {
            let (position, sequence) = (Int(batch.positions[index]), batch.sequences[index])
            if position == 0 { running[sequence] = dictations[batch.tokens[index]] }
            let text = running[sequence] ?? []
            next.append(position + 1 < text.count ? text[position + 1] : nil)
        }
        return try base.decode(batch, shouldInterrupt: shouldInterrupt)
    }

    func logits(at index: Int) -> UnsafeBufferPointer<Float>? {
        guard let logits = base.logits(at: index) else { return nil }
        let row = self.row ?? .allocate(capacity: logits.count)
        self.row = row
        _ = row.update(from: logits)
        if let token = next[index] { row[Int(token)] += 1e4 }
        return UnsafeBufferPointer(row)
    }

    func append(bytesOf token: Token, showingControl: Bool, to bytes: inout [UInt8]) { bytes.append(UInt8(ascii: "x")) }
}
