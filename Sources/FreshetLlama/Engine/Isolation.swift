internal import Freshet

/// What makes a reproducible request's tokens depend on nothing else.
///
/// The last bits of a token's logits depend on how many tokens were computed together with it, on how the ones before it
/// were cut into pieces, on where in memory they lie and on how many threads there are. So each such request is computed
/// alone, in an empty memory, in pieces of one size.
extension LlamaOptions {
    /// The tokens of a prompt that are computed at once. More would be faster, and other streams, which wait meanwhile,
    /// would notice.
    static let isolatedPiece = 16

    /// The options for a context in which such requests are computed.
    var isolated: LlamaOptions {
        var options = self
        (options.batchSize, options.microBatchSize) = (Self.isolatedPiece, Self.isolatedPiece)
        options.slotCount = 1
        options.prefixDirectory = nil
        return options
    }
}

extension GenerationRequest {
    /// The request as the engine for such requests takes it, with a seed.
    var isolated: GenerationRequest {
        var request = self
        (request.reusesPrefix, request.speculates) = (false, false)
        // JSON's readers keep 53 bits of a number.
        if request.sampling.seed == nil { request.sampling.seed = .random(in: 0..<1 << 53) }
        return request
    }
}
