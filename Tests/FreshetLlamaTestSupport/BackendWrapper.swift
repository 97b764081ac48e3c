package import Freshet
package import FreshetLlama

/// A backend around another, which computes. What a conforming type does not do in its own way, the other does.
package protocol BackendWrapper: Backend {
    /// The backend that computes.
    var base: any Backend { get }
}

extension BackendWrapper {
    package var contextLength: Int { base.contextLength }
    package var capacity: Int { base.capacity }
    package var sequenceCount: Int { base.sequenceCount }
    package var isTrimmable: Bool { base.isTrimmable }
    package var canShift: Bool { base.canShift }
    package var canRetract: Bool { base.canRetract }
    package var batchCapacity: Int { base.batchCapacity }
    package var outputCapacity: Int { base.outputCapacity }
    package var endOfGeneration: [Token] { base.endOfGeneration }
    package func logits(at index: Int) -> UnsafeBufferPointer<Float>? { base.logits(at: index) }
    package func nextPosition(of sequence: Int32) -> Int { base.nextPosition(of: sequence) }
    package func canContinue(_ sequence: Int32, at position: Int) -> Bool { base.canContinue(sequence, at: position) }
    package func share(from: Int32, to: Int32, length: Int) { base.share(from: from, to: to, length: length) }
    package func truncate(_ sequence: Int32, to position: Int) { base.truncate(sequence, to: position) }
    package func shift(_ sequence: Int32, removing range: Range<Int>) -> Bool { base.shift(sequence, removing: range) }
    package func save(_ sequence: Int32, range: Range<Int>) -> [UInt8]? { base.save(sequence, range: range) }
    package func load(_ state: [UInt8], range: Range<Int>, into sequence: Int32) -> Bool {
        base.load(state, range: range, into: sequence)
    }
    package func makeBackend(
        for model: LlamaModel, _ options: LlamaOptions, slots: Int
    ) throws(GenerationError) -> any Backend { try base.makeBackend(for: model, options, slots: slots) }
    package func makeSampler(_ options: SamplingOptions) -> Sampler { base.makeSampler(options) }
}
