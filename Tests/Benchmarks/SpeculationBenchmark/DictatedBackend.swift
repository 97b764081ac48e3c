import Freshet
import FreshetLlama

/// A model to which its answers are dictated: everything is computed as it is for any answer, but of the logits that the
/// sampler sees one is raised beyond all others. Only the draw is forced.
///
/// A dictation is told by its first token, which no other has; every token's text is one letter, so that each makes a
/// chunk.
final class DictatedBackend: Backend {
    private let base: any Backend
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

    var contextLength: Int { base.contextLength }
    var capacity: Int { base.capacity }
    var sequenceCount: Int { base.sequenceCount }
    var isTrimmable: Bool { base.isTrimmable }
    var canShift: Bool { base.canShift }
    var canRetract: Bool { base.canRetract }
    var batchCapacity: Int { base.batchCapacity }
    var outputCapacity: Int { base.outputCapacity }
    var endOfGeneration: [Token] { base.endOfGeneration }
    func nextPosition(of sequence: Int32) -> Int { base.nextPosition(of: sequence) }
    func canContinue(_ sequence: Int32, at position: Int) -> Bool { base.canContinue(sequence, at: position) }
    func share(from: Int32, to: Int32, length: Int) { base.share(from: from, to: to, length: length) }
    func truncate(_ sequence: Int32, to position: Int) { base.truncate(sequence, to: position) }
    func shift(_ sequence: Int32, removing range: Range<Int>) -> Bool { base.shift(sequence, removing: range) }
    func save(_ sequence: Int32, range: Range<Int>) -> [UInt8]? { base.save(sequence, range: range) }
    func load(_ state: [UInt8], range: Range<Int>, into sequence: Int32) -> Bool {
        base.load(state, range: range, into: sequence)
    }
    func makeBackend(
        for model: LlamaModel, _ options: LlamaOptions, slots: Int
    ) throws(GenerationError) -> any Backend { try base.makeBackend(for: model, options, slots: slots) }
    func makeSampler(_ options: SamplingOptions) -> Sampler { base.makeSampler(options) }
}
