import Freshet

@testable import FreshetLlama

/// A model's context whose texts are the numbers of its tokens, so that a stream tells which were picked.
final class NumberedBackend: Backend {
    private let context: LlamaContext
    private let watch: DecodeWatch

    init(_ context: LlamaContext, _ watch: DecodeWatch) { (self.context, self.watch) = (context, watch) }

    var contextLength: Int { context.contextLength }
    var capacity: Int { context.capacity }
    var sequenceCount: Int { context.sequenceCount }
    var isTrimmable: Bool { context.isTrimmable }
    var canShift: Bool { context.canShift }
    var outputCapacity: Int { context.outputCapacity }
    var canRetract: Bool { context.canRetract }
    var batchCapacity: Int { context.batchCapacity }
    var endOfGeneration: [Token] { context.endOfGeneration }

    func decode(_ batch: Batch, shouldInterrupt: () -> Bool) throws(GenerationError) -> DecodeOutcome {
        watch.beginDecode()
        return try context.decode(batch) {
            watch.ask()
            return shouldInterrupt()
        }
    }

    func logits(at index: Int) -> UnsafeBufferPointer<Float>? { context.logits(at: index) }

    func nextPosition(of sequence: Int32) -> Int { context.nextPosition(of: sequence) }

    func canContinue(_ sequence: Int32, at position: Int) -> Bool { context.canContinue(sequence, at: position) }

    func share(from: Int32, to: Int32, length: Int) { context.share(from: from, to: to, length: length) }

    func truncate(_ sequence: Int32, to position: Int) { context.truncate(sequence, to: position) }

    func shift(_ sequence: Int32, removing range: Range<Int>) -> Bool { context.shift(sequence, removing: range) }

    func save(_ sequence: Int32, range: Range<Int>) -> [UInt8]? { context.save(sequence, range: range) }

    func load(_ state: [UInt8], range: Range<Int>, into sequence: Int32) -> Bool {
        context.load(state, range: range, into: sequence)
    }

    func makeBackend(
        for model: LlamaModel, _ options: LlamaOptions, slots: Int
    ) throws(GenerationError) -> any Backend { try context.makeBackend(for: model, options, slots: slots) }
    func makeSampler(_ options: SamplingOptions) -> Sampler { context.makeSampler(options) }

    func append(bytesOf token: Token, showingControl: Bool, to bytes: inout [UInt8]) {
        bytes += Array("\(token) ".utf8)
    }
}
